import os
import unittest

import grpc
from tamma.provider.v1 import provider_pb2_grpc
from triage import INBOX, team


class TriageTest(unittest.TestCase):
    def setUp(self):
        channel = grpc.insecure_channel(os.environ["TAMMA_ADDRESS"])
        self.addCleanup(channel.close)
        self.provider = provider_pb2_grpc.IAIProviderStub(channel)

    def test_the_model_assigns(self):
        self.assertEqual(team(self.provider, "My invoice is wrong"), "billing")

    def test_the_model_is_busy_at_first(self):
        self.assertEqual(team(self.provider, "Everybody asks all at once"), "support")

    def test_the_model_refuses(self):
        self.assertEqual(team(self.provider, "Something forbidden"), INBOX)

    def test_the_model_does_not_answer(self):
        self.assertEqual(team(self.provider, "This one waits for ever", patience_seconds=1), INBOX)

    def test_the_model_only_says_something(self):
        self.assertEqual(team(self.provider, "Hello"), INBOX)
