import { defineConfig, mergeConfig } from "vite";
import config from "./vite.config.ts";

// The page of examples, for tests: `vite build --config kit.config.ts --outDir DIR`. It is no part of the app.
export default mergeConfig(
  config,
  defineConfig({ build: { manifest: false, license: false, rolldownOptions: { input: "kit.html" } } }),
);
