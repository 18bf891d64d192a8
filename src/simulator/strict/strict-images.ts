import { Rejection } from './strict-error.ts';
import { type Check, text } from './strict-values.ts';

const FORMATS = /^data:image\/(?:png|jpeg|gif|webp);base64,(.*)$/is;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/** The URL of an image: on the web, or the file itself in base64. */
export const imageUrl: Check = (value, path) => {
  text({ least: 1, most: 30_000_000 })(value, path);
  const url = String(value);
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return;
  if (!/^data:/i.test(url)) {
    throw new Rejection(
      `Invalid '${path}'. Expected a valid URL, but got a value with an invalid format.`,
      { param: path, code: 'invalid_value' },
    );
  }
  const file = FORMATS.exec(url)?.[1];
  if (file === undefined) {
    throw new Rejection(
      "You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
      { param: path, code: 'invalid_image_format' },
    );
  }
  if (file === '' || !BASE64.test(file)) {
    throw new Rejection('Invalid base64 image_url.', { param: path, code: 'invalid_base64' });
  }
};
