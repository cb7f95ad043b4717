// SPDX-License-Identifier: GPL-3.0-or-later
// What the page tests share: a browser, a page that remembers every complaint, axe, screenshots.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

/** How long anything may take on a machine that does ten other things: a bound for what hangs, no measure of how quick a page is. */
export const PATIENCE = 30_000

export const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 360, height: 760 }, tablet: { width: 1280, height: 800 }, huge: { width: 2560, height: 1440 } }
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

export const start_browser = (...more) => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none', ...more] })

/** A page whose console errors, broken policies and failed requests end the test. */
export async function open_page(browser, { url, size = 'wide', dark = false, reduced = false, forced = false, contrast = false, locale = 'en-GB', storage } = {}) {
	const context = await browser.newContext({ viewport: SIZES[size], colorScheme: dark ? 'dark' : 'light', ignoreHTTPSErrors: true, locale, timezoneId: 'Europe/Berlin',
		reducedMotion: reduced ? 'reduce' : 'no-preference', forcedColors: forced ? 'active' : 'none', contrast: contrast ? 'more' : 'no-preference', hasTouch: size === 'phone', isMobile: size === 'phone', storageState: storage })
	const page = await context.newPage()
	page.setDefaultTimeout(PATIENCE)
	page.complaints = []
	page.expected = []		// patterns of complaints that a step provokes on purpose
	page.asked = new Set()		// requests that are under way; the event stream always is
	page.on('request', request => request.url().includes('/api/v1/events') || page.asked.add(request))
	for (const end of ['requestfinished', 'requestfailed'])
		page.on(end, request => page.asked.delete(request))
	const complain = text => page.complaints.push(text)
	page.on('console', message => {
		if (message.type() === 'error' || message.type() === 'warning')
			complain(`console ${message.type()}: ${message.text()} (${message.location().url})`)
	})
	page.on('pageerror', error => complain(`page error: ${error.stack ?? error}`))
	page.on('request', request => {
		if (url && !request.url().startsWith(new URL(url).origin))
			complain(`a request left the appliance: ${request.url()}`)
	})
	await context.exposeBinding('tellViolation', (_source, text) => complain(`policy: ${text}`))
	await page.addInitScript(() => addEventListener('securitypolicyviolation', event =>
		globalThis.tellViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)))
	return page
}

/** A fresh suite gets its administrator, who is signed in. */
export async function claim(page, url) {
	await page.goto(url)
	await page.getByLabel('Claim code').fill(process.env.CLAIM_CODE)
	await page.getByLabel('User name').fill('admin')
	await page.getByLabel('Password', { exact: true }).fill('a sentence is a good password 7')
	await page.getByLabel('Password again').fill('a sentence is a good password 7')
	await page.getByRole('button', { name: 'Become its administrator' }).click()
	await page.locator('.frame').waitFor()
}

/** Until nothing is asked for and nothing moves any more, a page that is live at most five seconds. */
export async function settle(page) {
	const moves = () => page.evaluate(() => document.getAnimations().some(one => one.playState === 'running' && one.effect.getComputedTiming().endTime !== Infinity))
	for (let quiet = 0, begin = Date.now(); quiet < 3 && Date.now() < begin + 5000;) {
		await page.waitForTimeout(50)
		quiet = page.asked.size || await moves() ? 0 : quiet + 1
	}
}

export const complaints_of = page => page.complaints.filter(text => !page.expected.some(pattern => pattern.test(text)))

const AXE = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')

/** Axe is put into a document once, and judges it there: pages of this app are one document, and have no frames. (AxeBuilder puts it in anew for
 *  each judgement and gathers in a second page, which takes four times as long.) It judges a page at rest: a button that has just been enabled
 *  is on its way from one colour to the other, and neither contrast is that of the page.  within: a selector, when the frame around was judged
 *  before. */
export async function check_axe(page, name, within) {
	await settle(page)
	if (!await page.evaluate(() => 'axe' in globalThis))
		await page.evaluate(AXE)
	const violations = await page.evaluate(async ([tags, part]) => (await globalThis.axe.run(part ?? document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] })).violations, [RULES, within])
	return violations.map(one => `${name}: ${one.id} (${one.impact}): ${one.help}\n` +
		one.nodes.slice(0, 5).map(node => `    ${node.target.join(' ')}\n      ${node.html.slice(0, 160)}\n      ${(node.failureSummary ?? '').replace(/\s+/g, ' ').slice(0, 260)}`).join('\n'))
}

const folder = process.env.SCREENSHOTS
export async function shoot(page, name, options = {}) {
	if (!folder)
		return
	mkdirSync(folder, { recursive: true })
	await page.screenshot({ path: join(folder, name + '.png'), ...options })
}

/** What a person without a mouse does: Tab until what is wanted has the focus, and a key. Names are patterns. */
export function by_keyboard(page) {
	const focused = () => page.evaluate(() => {
		const one = document.activeElement
		return (one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? one.textContent ?? '').trim()
	})
	async function tab_to(pattern, key = 'Tab', most = 200) {
		for (let tries = 0; tries < most; tries++) {
			if (pattern.test(await focused()))
				return
			await page.keyboard.press(key)
		}
		throw new Error(`${pattern} is not reached by ${key}; the focus is on "${await focused()}"`)
	}
	const then = key => async (pattern, way) => {
		await tab_to(pattern, way)
		await page.keyboard.press(key)
	}
	async function type_into(pattern, text, way) {
		await tab_to(pattern, way)
		await page.keyboard.press('Control+a')
		await page.keyboard.type(text)
	}
	/** Into the field of a form. On a busy machine the key may come before the browser lets a page ask for files again. */
	async function give_files(pattern, files) {
		const asked = page.waitForEvent('filechooser', { timeout: 20000 })
		let chooser = null
		void asked.then(one => { chooser = one }, () => {})
		for (let tries = 0; tries < 8 && !chooser; tries++) {
			await tab_to(pattern)
			await page.keyboard.press('Space')
			await Promise.race([asked, page.waitForTimeout(2000)])
		}
		await (await asked).setFiles(files)
	}
	return { focused, tab_to, type_into, give_files, press: then('Enter'), toggle: then('Space') }
}

/** A picture of docs/guide, when GUIDE names their folder. */
export async function picture(page, name) {
	if (!process.env.GUIDE)
		return
	mkdirSync(process.env.GUIDE, { recursive: true })
	const client = await page.context().newCDPSession(page)
	const { data } = await client.send('Page.captureScreenshot', { format: 'webp', quality: 29 })
	writeFileSync(join(process.env.GUIDE, name + '.webp'), Buffer.from(data, 'base64'))
	await client.detach()
}

/** Nothing may make the page itself scroll sideways. */
export const overflow = page => page.evaluate(() => {
	const wide = document.documentElement.scrollWidth > innerWidth + 1
	const main = document.querySelector('main')
	return wide || (main && main.scrollWidth > main.clientWidth + 1)
		? [...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.table-box, .window, pre')).slice(0, 3).map(one => one.className || one.tagName).join(' | ') || 'yes' : ''
})

/** Texts whose lines are longer than one reads with ease: "134 characters: …". A block's lines are where the browser broke it. */
export const long_lines = (page, most) => page.evaluate(longest => {
	const shortest = 8		// words that are prose
	const inline = new Set(['inline', 'contents'])
	const blocks = new Set()
	const walker = document.createTreeWalker(document.querySelector('dialog[open]') ?? document.body, NodeFilter.SHOW_TEXT)
	for (let node = walker.nextNode(); node; node = walker.nextNode()) {
		let one = node.parentElement
		while (inline.has(getComputedStyle(one).display) && one.parentElement)
			one = one.parentElement
		if (node.data.trim() && !one.closest('pre, code, svg, .unseen, noscript') && one.checkVisibility({ visibilityProperty: true }))
			blocks.add(one)
	}
	const wrong = []
	for (const block of blocks) {
		const text = block.textContent.replace(/\s+/g, ' ').trim()
		if (text.split(' ').length < shortest || [...block.querySelectorAll('*')].some(one => !inline.has(getComputedStyle(one).display) && one.textContent.trim()))
			continue		// of several blocks each is judged by itself
		const range = document.createRange()
		range.selectNodeContents(block)
		const lines = new Map()
		for (const { top, width } of range.getClientRects())
			lines.set(Math.round(top / 8), Math.max(lines.get(Math.round(top / 8)) ?? 0, width))
		const widths = [...lines.values()]
		const characters = Math.max(...widths) / widths.reduce((sum, one) => sum + one, 0) * text.length
		if (characters > longest)
			wrong.push(`${Math.round(characters)} characters in a line: ${block.className || block.localName}: ${text.slice(0, 60)}`)
	}
	return wrong
}, most)

/** What a person would not like of a step, whatever the width: long lines, a card or dialog wider than the widest sheet, something that juts out of what holds it, and what is to be touched
 *  but smaller than WCAG 2.2 allows (2.5.8: 24 px; a link in a sentence may). */
export const uncomfortable = async page => [...await long_lines(page, 90), ...await page.evaluate(() => {
	const WIDEST = 58 * 16, TARGET = 24
	const box = one => one.getBoundingClientRect()
	const seen = one => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && box(one).width > 2 && !one.closest('.unseen, pre, .table-box')
	const name = one => `${one.localName}.${one.className} "${(one.getAttribute('aria-label') ?? one.textContent).trim().slice(0, 40)}"`
	/** Beyond the right padding of what holds it, though it was not taken out of the flow. */
	const juts = one => {
		const holder = getComputedStyle(one.parentElement)
		if (getComputedStyle(one).position === 'absolute' || holder.display === 'inline' || holder.overflowX !== 'visible' || one.parentElement.closest('svg'))
			return false
		return box(one).right > box(one.parentElement).right - parseFloat(holder.paddingRight) - parseFloat(holder.borderRightWidth) + 1
	}
	const wrong = []
	for (const card of [...document.querySelectorAll('.card, .dialog-box, .gate-box')].filter(seen)) {
		if (box(card).width > WIDEST)
			wrong.push(`${Math.round(box(card).width)} px wide: ${name(card)}`)
		wrong.push(...[...card.querySelectorAll('*')].filter(one => seen(one) && one.closest('dialog') === card.closest('dialog') && juts(one)).slice(0, 2).map(one => `juts out of what holds it: ${name(one)}`))
	}
	const scope = document.querySelector('dialog[open]') ?? document.querySelector('main')
	for (const one of [...scope.querySelectorAll('a[href], button, select, textarea, input, summary, label:has(input)')].filter(one => seen(one) && getComputedStyle(one).display !== 'inline')) {
		const { width, height } = box(one.matches('input') && one.closest('label') || one)
		if (Math.min(width, height) < TARGET)
			wrong.push(`${Math.round(width)} × ${Math.round(height)} px to touch: ${name(one)}`)
	}
	return wrong.slice(0, 8)
})]

const ONLY = process.env.ONLY ?? ''

/** check(name, then): then throws, or answers a text (or texts) when it is not so. end() tells the sum and ends the program. ONLY=TEXT: checks with this text in their name alone. */
export function make_checks() {
	let passed = 0
	let failed = 0
	async function check(name, then) {
		if (ONLY && !name.includes(ONLY))
			return true
		let wrong
		const begin = performance.now()
		try {
			wrong = await then()
		} catch (error) {
			wrong = error.message.split('\n').slice(0, 6).join('\n    ')
		}
		const lines = [wrong].flat().filter(line => typeof line === 'string' && line)
		console.log(`${lines.length ? '✗' : '✓'} ${name} (${((performance.now() - begin) / 1000).toFixed(1)} s)${lines.map(line => '\n    ' + line).join('')}`)
		lines.length ? failed++ : passed++
		return lines.length === 0
	}
	const end = () => {
		console.log(`${passed} passed, ${failed} failed`)
		process.exit(failed ? 1 : 0)
	}
	return { check, end }
}
