// Every file of src/ that a page asks for by name is an entry; the pages find it through the manifest.
import { defineConfig } from "vite";

export default defineConfig({
  build: {
    outDir: "../nexuskb_api/static/built",
    emptyOutDir: true,
    assetsDir: ".",
    manifest: "manifest.json",
    license: { fileName: "licences.md" },
    modulePreload: false,
    sourcemap: false,
    rolldownOptions: { input: { query: "src/query.ts" } },
  },
});
