import { defineConfig } from 'vite'

export default defineConfig({
  base: './',
  build: {
    outDir: 'assets',
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 2000,
    lib: {
      formats: ['es'],
      entry: {
        volume: 'src/volume.ts',
        map: 'src/map.ts',
        upload: 'src/upload.ts',
        compare: 'src/compare.ts',
        history: 'src/history.ts',
        flows: 'src/flows.ts',
      },
    },
    rolldownOptions: { output: { entryFileNames: '[name].js', chunkFileNames: 'chunk-[hash].js' } },
  },
})
