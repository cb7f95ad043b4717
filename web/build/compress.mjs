// SPDX-License-Identifier: GPL-3.0-or-later
// Writes FILE.gz and FILE.br beside every file of the built app, and licenses.txt: the notices of what the app is built with.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

function* walk(dir) {
	for (const entry of readdirSync(dir, { withFileTypes: true })) {
		if (entry.name.startsWith('.'))
			continue
		const path = join(dir, entry.name)
		if (entry.isDirectory())
			yield* walk(path)
		else if (!/\.(gz|br)$/.test(entry.name))
			yield path
	}
}

const web = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..')
const notices = ['node_modules/preact', 'node_modules/@preact/signals', 'node_modules/@preact/signals-core', 'node_modules/uplot', 'node_modules/@fluent/bundle'].map(dir => {
	const about = JSON.parse(readFileSync(join(web, dir, 'package.json'), 'utf8'))
	const own = ['LICENSE', 'LICENSE.md'].map(name => join(web, dir, name)).find(name => existsSync(name))
	const file = own ?? (about.license === 'Apache-2.0' ? join(web, 'build/apache-2.0.txt') : null)		// the text that the package only names
	if (!file)
		throw new Error(`${dir} has no licence file to pass on`)
	return `${about.name} ${about.version}\n\n${readFileSync(file, 'utf8').trim()}\n`
})
writeFileSync(join(process.argv[2], 'licenses.txt'), 'The pages of Patronus contain these works:\n\n' + notices.join('\n----\n\n'))

for (const path of walk(process.argv[2])) {
	const data = readFileSync(path)
	writeFileSync(path + '.gz', gzipSync(data, { level: 9 }))
	writeFileSync(path + '.br', brotliCompressSync(data, {
		params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22,
			[constants.BROTLI_PARAM_SIZE_HINT]: data.length },
	}))
}
