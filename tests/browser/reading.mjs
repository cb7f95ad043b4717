// SPDX-License-Identifier: GPL-3.0-or-later
// How pages read: at 360, 1280 and 2560 px no line of prose is too long for the eye and nothing overflows; who asked for less motion gets none.
// DIST=DIR FORMS=FILE (as for settings.mjs) [SCREENSHOTS=DIR] node reading.mjs
import { readFileSync } from 'node:fs'
import { make_box, serve } from './fixture.mjs'
import { complaints_of, long_lines, make_checks, open_page, overflow, settle, shoot, SIZES, start_browser, uncomfortable } from './look.mjs'

const { check, end } = make_checks()
const browser = await start_browser()
const schema = JSON.parse(readFileSync(process.env.FORMS, 'utf8'))
const LONGEST = 110		// characters of a line of prose
const PAGES = ['dashboard', 'rules', 'rules?view=zones', 'log', 'states', 'explain?protocol=tcp&source=192.0.2.10&destination=203.0.113.10&port=443', 'interfaces', 'topology', 'topology?view=table', 'pending', 'history',
	'backups', 'import', 'drift', 'system', 'secrets', 'people', 'audit', 'api?call=POST+%2Fbackups', 'account', 'gallery', 'settings/system', 'settings/firewall', 'settings/firewall/groups', 'settings/management', 'nowhere']

async function with_box(options, then) {
	const box = make_box({ schema, alarms: [{ time: new Date().toISOString(), source: 'netd', object: 'address 192.0.2.1/25 on lan', class: 'critical', detail: 'it is used by another machine '.repeat(6), action: 'reported' }] })
	const { url, close } = await serve(box, { dist: process.env.DIST })
	const page = await open_page(browser, { url, ...options })
	page.expected.push(/status of 404 .*\/configuration\//)		// what the stand-in has not configured
	try {
		await page.goto(url)
		await page.getByRole('heading', { name: 'Sign in' }).waitFor()
		return [await then(page, url, box), ...complaints_of(page)].flat()
	} finally {
		await page.context().close()
		close()
	}
}

async function sign_in(page) {
	await page.getByLabel('User name').fill('alice')
	await page.getByLabel('Password').fill('correct horse')
	await page.getByRole('button', { name: 'Sign in' }).click()
	await page.locator('.frame').waitFor()
}

/** One change that waits, so that its page has something to say. */
async function change(page, url) {
	await page.goto(url + '/#/rules')
	await page.locator('.rules [data-key="ping"]').getByRole('switch').click()
	await page.locator('.bar-pending').waitFor()
}

/** Each page, and what opens over it. */
async function each(page, url, then) {
	await settle(page)
	await then('signin')
	await sign_in(page)
	await change(page, url)
	for (const name of PAGES) {
		await page.goto(`${url}/#/${name}`)
		await page.locator('main h1').waitFor()
		await settle(page)
		await then(name)
	}
	await page.goto(url + '/#/rules')
	for (const [name, key] of [['rule-form', 'e'], ['keys', '?'], ['delete', 'Delete']]) {
		await page.locator('.rules [data-key="lan-out"]').focus()
		await page.keyboard.press(key)
		await page.locator('dialog[open]').waitFor()
		await settle(page)
		await then(name)
		await page.keyboard.press('Escape')
	}
	await page.goto(url + '/#/pending')
	await page.getByText('Valid: the appliance can do this').waitFor()
	await page.getByRole('button', { name: 'Commit', exact: true }).click()
	await settle(page)
	await then('commit')
	await page.locator('dialog[open]').getByRole('button', { name: 'Commit', exact: true }).click()
	await page.getByRole('button', { name: 'Keep' }).waitFor()
	await then('trial')
	await page.getByRole('button', { name: 'Go back' }).click()
	await page.getByText(/was taken back/).waitFor()
}

/** Tables that must be scrolled sideways where there is room. */
const cut_tables = page => page.evaluate(() => innerWidth < 1280 ? [] : [...document.querySelectorAll('.table-box, .matrix-box, .window')].filter(one => one.scrollWidth > one.clientWidth + 1).map(one => `the table ${one.getAttribute('aria-label')} is wider than its place`))

for (const size of ['phone', 'tablet', 'huge']) {
	await check(`at ${SIZES[size].width} px no line of prose is longer than ${LONGEST} characters and nothing overflows`, () => with_box({ size }, async (page, url) => {
		const wrong = []
		await each(page, url, async name => {
			const wide = await overflow(page)
			wrong.push(...[...await long_lines(page, LONGEST), ...await cut_tables(page), wide && `scrolls sideways: ${wide}`].filter(Boolean).map(text => `${name}: ${text}`))
			await shoot(page, `reading-${SIZES[size].width}-${name.replace(/\W+/g, '-').slice(0, 30)}`)
		})
		return wrong
	}))
}

await check('which this test would see: a paragraph and a table as wide as the page', () => with_box({ size: 'huge' }, async (page, url) => {
	await sign_in(page)
	await page.goto(url + '/#/interfaces')
	await page.locator('.port').first().waitFor()
	await page.evaluate(() => {
		document.querySelector('main .page').append(Object.assign(document.createElement('p'), { textContent: 'Nothing passes that you did not mean to pass. '.repeat(8) }))
		const wide = document.createElement('div')
		const sheet = new CSSStyleSheet()
		sheet.replaceSync('.planted { width: 3000px; height: 1px }')
		document.adoptedStyleSheets = [sheet]
		document.querySelector('.table-box').append(Object.assign(wide, { className: 'planted' }))
	})
	return [(await long_lines(page, LONGEST)).length !== 1 && 'the paragraph was not found', (await cut_tables(page)).length !== 1 && 'the table was not found']
}))

await check('and what the test of the first start would see: a card, a line, a button and a part of a card that are too wide or too small', () => with_box({ size: 'huge' }, async (page, url) => {
	await sign_in(page)
	await page.goto(url + '/#/interfaces')
	await page.locator('.port').first().waitFor()
	await page.evaluate(() => {
		const part = (name, kind, text = '') => Object.assign(document.createElement(kind), { className: name, textContent: text })
		const sheet = new CSSStyleSheet()
		sheet.replaceSync('.planted { width: 1000px; padding: 0 } .planted p { max-width: none } .planted-small { width: 20px; height: 40px } .planted-out { width: 1010px; height: 9px }')
		document.adoptedStyleSheets = [sheet]
		const card = part('card planted', 'section')
		card.append(part('', 'p', 'Nothing passes that you did not mean to pass. '.repeat(8)), part('planted-small', 'button'), part('planted-out', 'div'))
		document.querySelector('main .page').replaceChildren(card)
	})
	const found = await uncomfortable(page)
	return [/\d+ characters in a line/, /1000 px wide/, /juts out of what holds it: div.planted-out/, /20 × 40 px to touch/].map(pattern => !found.some(text => pattern.test(text)) && `not found: ${pattern} in ${found.join('; ')}`)
}))

/** What moves for longer than a thousandth of a second: elements, what stands before and after them, and what runs now. */
const motion = page => page.evaluate(() => {
	const found = new Set()
	const seconds = text => Math.max(...text.split(',').map(one => parseFloat(one) * (one.trim().endsWith('ms') ? 0.001 : 1)))
	for (const one of document.querySelectorAll('*'))
		for (const part of [undefined, '::before', '::after', '::backdrop']) {
			const style = getComputedStyle(one, part)
			for (const what of ['transitionDuration', 'animationDuration'])
				if ((what === 'transitionDuration' || style.animationName !== 'none') && seconds(style[what]) > 0.001)
					found.add(`${one.getAttribute('class') || one.localName}${part ?? ''} ${what} ${style[what]}`)
			if (style.scrollBehavior === 'smooth')
				found.add(`${one.localName} scrolls smoothly`)
		}
	for (const running of document.getAnimations())
		if (running.effect.getComputedTiming().activeDuration > 1)		// a skeleton that waits before it comes does not move
			found.add(`${running.effect.target?.getAttribute('class')} runs for ${running.effect.getComputedTiming().activeDuration} ms`)
	if (document.querySelector('svg animate, svg animateTransform, svg animateMotion'))
		found.add('a picture that animates itself')
	return [...found]
})

/** How often the line of a rule is drawn anew in so many seconds, and whether anything of it is between two shapes. */
const redrawn = (page, seconds) => page.evaluate(async wait => {
	const spark = [...document.querySelectorAll('.rules .spark')].find(one => one.querySelector('polyline'))
	let times = 0
	const watch = new MutationObserver(() => times++)
	watch.observe(spark, { subtree: true, childList: true, attributes: true })
	await new Promise(done => setTimeout(done, wait * 1000))
	watch.disconnect()
	return { times, moving: spark.getAnimations({ subtree: true }).length }
}, seconds)

await check('with reduced motion nothing moves, on any page or over it, and the line of a rule stands still between two counts', () => with_box({ reduced: true }, async (page, url) => {
	const wrong = []
	await each(page, url, async name => wrong.push(...(await motion(page)).slice(0, 4).map(text => `${name}: ${text}`)))
	await page.goto(url + '/#/rules')
	await page.locator('.rules .spark polyline').first().waitFor()
	const { times, moving } = await redrawn(page, 4)
	return [...wrong, moving && 'the line moves', times > 6 && `the line was drawn ${times} times in four seconds`, times < 1 && 'the line was not drawn anew']
}))

await check('which this test would see: without that wish buttons, dialogs and the countdown move', () => with_box({}, async (page, url) => {
	await sign_in(page)
	await page.goto(url + '/#/rules')
	await page.locator('.rules [data-key="lan-out"]').focus()
	await page.keyboard.press('e')
	await page.locator('dialog[open]').waitFor()
	const seen = await motion(page)
	return ['button button-primary', 'dialog-box', 'switch-track'].filter(name => !seen.some(text => text.startsWith(name))).map(name => `it does not see ${name}: ${seen.slice(0, 5)}`)
}))

await browser.close()
end()
