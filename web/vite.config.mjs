// SPDX-License-Identifier: GPL-3.0-or-later
import { defineConfig } from 'vite'
import { fluent } from './build/fluent.mjs'

export default defineConfig({
	plugins: [fluent()],
	esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
	build: {
		target: 'es2022',
		assetsInlineLimit: 0,			// no data: addresses: the policy of httpd allows only files of our own
		modulePreload: { polyfill: false },
		cssCodeSplit: true,
		manifest: true,
		reportCompressedSize: false,
		sourcemap: false,
	},
	server: {
		// `npm run dev` works against a running appliance: PATRONUS_URL=https://127.0.0.1:8443 npm run dev
		proxy: process.env.PATRONUS_URL
			? { '/api': { target: process.env.PATRONUS_URL, secure: false, changeOrigin: true } }
			: undefined,
	},
})
