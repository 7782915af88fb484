import type { NextConfig } from "next";

/**
 * The path under which the server shows the application is not known when it is built: the server replaces this
 * placeholder in every text file when it starts. In development there is none.
 */
const basePath = process.env.NODE_ENV === "development" ? "" : "/__tetherlight_base__";

const config: NextConfig = {
  output: "export",
  trailingSlash: true,
  images: { unoptimized: true },
  basePath,
  env: { NEXT_PUBLIC_BASE: basePath },
  reactStrictMode: true,
  devIndicators: false,
  poweredByHeader: false,
};

export default config;
