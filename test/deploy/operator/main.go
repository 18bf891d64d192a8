// Reads manifests of the Prometheus operator as its own types are, and refuses fields that these do not have.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	kinds := map[string]func() any{
		"PodMonitor":     func() any { return &monitoringv1.PodMonitor{} },
		"PrometheusRule": func() any { return &monitoringv1.PrometheusRule{} },
	}
	for _, document := range strings.Split(string(input), "\n---\n") {
		var head struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal([]byte(document), &head); err != nil {
			fail(err)
		}
		kind, ok := kinds[head.Kind]
		if !ok || head.APIVersion != "monitoring.coreos.com/v1" {
			fail(fmt.Errorf("%s of %s is no kind of the operator", head.Kind, head.APIVersion))
		}
		if err := yaml.UnmarshalStrict([]byte(document), kind()); err != nil {
			fail(fmt.Errorf("%s: %w", head.Kind, err))
		}
		fmt.Printf("%s is as the operator has it\n", head.Kind)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
