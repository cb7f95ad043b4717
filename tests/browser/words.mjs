// SPDX-License-Identifier: GPL-3.0-or-later
// The words of the pages: a language that nobody speaks (every letter of a catalogue gets an accent, every text a third longer) shows what does
// not come from a catalogue; from right to left nothing may overflow; the language is the browser's, or what a person chose.
// DIST=DIR FORMS=FILE (as for settings.mjs) [SCREENSHOTS=DIR] node words.mjs
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { make_box, serve } from './fixture.mjs'
import { complaints_of, make_checks, open_page, overflow, settle, shoot, start_browser } from './look.mjs'

const { check, end } = make_checks()
const browser = await start_browser()
const dist = resolve(process.env.DIST)
const schema = JSON.parse(readFileSync(process.env.FORMS, 'utf8'))
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))
const catalogues = new Map(Object.entries(manifest).filter(([key]) => key.endsWith('.ftl')).map(([, { file }]) => ['/' + file, join(dist, file)]))

const PLAIN = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const ODD = [...'åƀçđéƒğĥîĵķļɱñöþǫŕšŧûṽŵẋýžÅɃÇĐÉƑĞĤÎĴĶĻṀÑÖÞǪŔŠŦÛṼŴẊÝŽ']
const odd = text => [...text].map(one => ODD[PLAIN.indexOf(one)] ?? one).join('')
const longer = text => odd(text) + (text.trim().length > 3 ? ' ' + '~'.repeat(Math.ceil(text.trim().length / 3)) : '')
const pseudo = pattern => typeof pattern === 'string' ? longer(pattern)
	: pattern.map(part => typeof part === 'string' ? odd(part) : part.type === 'select' ? { ...part, variants: part.variants.map(one => ({ ...one, value: pseudo([one.value].flat()) })) } : part)

/** Serves every catalogue in the language that nobody speaks. */
async function speak_pseudo(page) {
	await page.route(url => catalogues.has(url.pathname), async route => {
		const { default: messages } = await import(catalogues.get(new URL(route.request().url()).pathname))
		const body = Object.fromEntries(Object.entries(messages).map(([id, pattern]) => [id, pseudo(pattern)]))
		await route.fulfill({ contentType: 'text/javascript', body: `export default ${JSON.stringify(body)}` })
	})
}

/** Every text of the appliance is data: what it says in its answers, and names that are made of those of the schema. */
function gather(page, box) {
	const data = new Set()
	const take = value => {
		if (typeof value === 'string')
			data.add(value)
		else if (Array.isArray(value))
			value.forEach(take)
		else if (value && typeof value === 'object')
			Object.entries(value).forEach(([key, inner]) => { data.add(key); take(inner) })
	}
	const coming = []
	page.on('response', response => {
		if (response.url().includes('/api/') && (response.headers()['content-type'] ?? '').includes('json'))
			coming.push(response.json().then(take, () => {}))
	})
	return async () => {
		await Promise.all(coming)
		take(box.log)		// which came as a stream too
		return data
	}
}

// Names of countries and dates come from the browser, in the language of the page.
const KNOWN = /\b(Patronus|Deutsch|English|Germany|Norway|[kMG]?b\/s|[KMGTP]?iB|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{1,2}, \d{4})\b/g

/** What one can read on this page that is neither data nor from a catalogue. */
async function plain_words(page, gathered) {
	const texts = await page.evaluate(() => {
		const found = []
		const seen = element => element.checkVisibility?.({ visibilityProperty: true }) ?? true
		const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
		for (let node = walker.nextNode(); node; node = walker.nextNode())
			if (!node.parentElement.closest('noscript, time, pre, code, [lang]:not(html)') && seen(node.parentElement))
				found.push(node.data)
		for (const element of document.querySelectorAll('body *'))
			for (const name of ['aria-label', 'title', 'placeholder', 'alt'])
				if (element.hasAttribute(name) && element.localName !== 'time')
					found.push(element.getAttribute(name))
		return [...found, document.title]
	})
	const data = await gathered()
	const spoken = [...data].flatMap(one => [one, one.replace(/-/g, ' ')]).filter(one => /[A-Za-z]{3}/.test(one)).sort((a, b) => b.length - a.length)
	const bad = new Set()
	for (const text of texts.filter(text => /[A-Za-z]{3}/.test(text))) {
		let rest = ` ${text} `.replace(/[“„][^“”]*[“”]/g, ' ').replace(KNOWN, ' ')		// what one typed stands in quotes
		for (const one of spoken) {
			if (!/[A-Za-z]{3}/.test(rest))
				break
			const at = rest.toLowerCase().indexOf(one.toLowerCase())
			if (at >= 0 && !/[A-Za-z]/.test(rest[at - 1] ?? ' ') && !/^(?!s\b)[A-Za-z]/.test(rest.slice(at + one.length)))
				rest = rest.slice(0, at) + ' ' + rest.slice(at + one.length).replace(/^s\b/, '')
		}
		if (/[A-Za-z]{3}/.test(rest))
			bad.add(text.trim())
	}
	return [...bad]
}

async function with_box(options, then) {
	const box = make_box({ schema, users: { alice: 'correct horse', bob: 'correct horse' }, ...options.box })
	const { url, close } = await serve(box, { dist })
	const page = await open_page(browser, { url, ...options })
	try {
		return [await then(page, url, box), ...complaints_of(page)].flat()
	} finally {
		await page.context().close()
		close()
	}
}

async function sign_in(page, user = 'alice') {
	await page.locator('[name=username]').fill(user)
	await page.locator('[name=password]').fill('correct horse')
	await page.locator('form [type=submit]').click()
	await page.locator('.frame').waitFor()
}

/** Each page, and what of it stands open only when somebody asks. `then` looks at each of them. */
const PAGES = ['dashboard', 'rules', 'rules?view=zones', 'log', 'states', 'explain?protocol=tcp&source=192.0.2.10&destination=203.0.113.10&port=443', 'system', 'backups', 'import', 'drift', 'secrets', 'api?call=POST+%2Fbackups', 'interfaces', 'topology', 'topology?view=table', 'pending', 'history', 'people', 'account', 'audit', 'settings/system', 'settings/firewall/groups', 'nowhere']
async function each_page(page, url, then) {
	await settle(page)
	await then('sign in')
	await sign_in(page)
	for (const name of PAGES) {
		await page.goto(`${url}/#/${name}`)
		await settle(page)
		await then(name)
	}
	await page.goto(url + '/#/rules')
	for (const [name, key] of [['keys', '?'], ['a rule', 'e'], ['tags', 't'], ['move', 'm'], ['delete', 'Delete']]) {
		await page.locator('.rules [data-key="lan-out"]').focus()
		await page.keyboard.press(key)
		await page.locator('dialog[open]').waitFor()
		await settle(page)
		await then(name)
		await page.keyboard.press('Escape')
	}
	await page.locator('.tools .icon-button').first().click()
	await settle(page)
	await then('search help')
	await page.keyboard.press('Escape')
	await page.locator('.rules [data-key="lan-out"]').focus()
	await page.keyboard.press('Space')
	await then('chosen')
	await page.goto(url + '/#/settings/firewall/groups')
	await page.locator('.link-button').first().click()
	await settle(page)
	await then('an entry')
	await page.locator('dialog[open] textarea').first().fill('192.0.2.77')
	await page.locator('dialog[open] [type=submit]').click()
	await page.locator('.bar-pending').waitFor()
	await page.goto(url + '/#/pending')
	await page.locator('.page .notice.tone-good').waitFor()
	await then('pending changes')
	await page.locator('.page-actions .button-primary').click()
	await settle(page)
	await then('commit')
	await page.locator('dialog[open] [type=submit]').click()
	await page.locator('.bar-trial').waitFor()
	await then('trial')
	await page.locator('.bar-trial .button-primary').click()
	await page.locator('.bar-kept').waitFor()
	await then('kept')
	await page.keyboard.press('Control+k')
	await page.locator('.palette input').fill('zzz')
	await settle(page)
	await then('palette')
}

await check('every word that one can read comes from a catalogue', () => with_box({}, async (page, url, box) => {
	const data = gather(page, box)
	await speak_pseudo(page)
	await page.goto(url)
	const wrong = []
	await each_page(page, url, async name => {
		wrong.push(...(await plain_words(page, data)).map(text => `${name}: ${text}`))
		const wide = await overflow(page)
		if (wide)
			wrong.push(`${name}: longer words make it scroll sideways: ${wide}`)
		await shoot(page, `pseudo-${name.replace(/\W+/g, '-')}`)
	})
	return wrong
}))

await check('which this test would see: in plain English it finds the words of the shell', () => with_box({}, async (page, url, box) => {
	const data = gather(page, box)
	await page.goto(url)
	await sign_in(page)
	await page.goto(url + '/#/history')
	await settle(page)
	const found = await plain_words(page, data)
	return ['Live log', 'Sign out', 'Choose two revisions to compare them.'].filter(text => !found.includes(text)).map(text => `“${text}” was not seen`)
}))

for (const size of ['wide', 'phone']) {
	await check(`from right to left nothing overflows: ${size}`, () => with_box({ size }, async (page, url) => {
		const wrong = []
		await page.goto(url)
		await each_page(page, url, async name => {
			await page.evaluate(() => { document.documentElement.dir = 'rtl' })
			await page.waitForTimeout(60)
			const wide = await overflow(page)
			if (wide)
				wrong.push(`${name}: ${wide}`)
			await shoot(page, `rtl-${size}-${name.replace(/\W+/g, '-')}`)
		})
		return wrong
	}))
}

await check('the language is the browser\'s, then what was chosen, for each person', () => with_box({ locale: 'zh-CN' }, async (page, url) => {
	await page.goto(url)
	await page.getByRole('heading', { name: '登录' }).waitFor()
	await page.locator('[name=language]').selectOption('de')
	await page.getByRole('heading', { name: 'Anmelden' }).waitFor()
	await sign_in(page)
	await page.getByText('Nichts ist offen').waitFor()
	const choose = async tag => {
		await page.goto(url + '/#/account')
		await page.locator('main [name=language]').selectOption(tag)
	}
	if (await page.evaluate(() => document.documentElement.lang) !== 'de')
		return 'the page does not say that it is German'
	await page.reload()
	await page.getByRole('link', { name: 'Verlauf' }).waitFor()
	await choose('en')
	await page.getByRole('link', { name: 'History' }).waitFor()
	await page.getByRole('button', { name: 'Sign out' }).click()
	await sign_in(page, 'bob')
	await choose('de')
	await page.getByRole('button', { name: 'Abmelden' }).click()
	await sign_in(page)
	await page.getByRole('link', { name: 'History' }).waitFor()
}))

await browser.close()
end()
