/** What the camera wrote into a file, as the server reads it. */
import type { Size } from "./zoom";

export type Exif = Partial<Record<string, string | number | boolean | null>>;

/** Names and values as people read them. */
export function exifRows(facts: Exif): [string, string][] {
  const { make, model, lens, serial, taken_at, shutter, f_number, iso, exposure_bias, focal_length_mm, width, height } =
    facts;
  const rows: [string, string | null | false | undefined][] = [
    [
      "Camera",
      model ? (String(model).startsWith(String(make)) ? String(model) : `${make ?? ""} ${model}`.trim()) : null,
    ],
    ["Serial number", serial ? String(serial) : null],
    ["Lens", lens ? String(lens) : null],
    ["Taken at", taken_at ? String(taken_at).replace("T", " ") : null],
    [
      "Exposure",
      [shutter && `${shutter} s`, f_number && `f/${f_number}`, iso && `ISO ${iso}`].filter(Boolean).join(" · ") || null,
    ],
    ["Exposure bias", exposure_bias ? `${exposure_bias} EV` : null],
    ["Focal length", focal_length_mm ? `${focal_length_mm} mm` : null],
    ["White balance", facts.auto_white_balance === true && "automatic"],
    ["Pixels", width && height ? `${width} × ${height}` : null],
  ];
  return rows.filter((row): row is [string, string] => Boolean(row[1]));
}

/** The size of a picture in the orientation in which its small version is; null where the file does not say. */
export function trueSize(facts: Exif, shown: Size): Size | null {
  const { width, height } = facts;
  if (typeof width !== "number" || typeof height !== "number" || width <= 0 || height <= 0) return null;
  const turned = width > height !== shown.width > shown.height && shown.width !== shown.height;
  return turned ? { width: height, height: width } : { width, height };
}
