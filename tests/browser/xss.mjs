// SPDX-License-Identifier: GPL-3.0-or-later
// A7: every page of the app on a box whose every text is hostile: no dialog, no broken policy, no element that was made of a text.
//   BASE_URL=https://127.0.0.1:8443 USER_NAME=... PASSWORD=... TEXTS=payloads.json node xss.mjs
// First of all the watchers themselves: a page that does take texts for HTML must be seen to do so.
import { readFileSync } from 'node:fs'
import { complaints_of, make_checks, open_page, start_browser } from './look.mjs'

const url = process.env.BASE_URL
const texts = JSON.parse(readFileSync(process.env.TEXTS, 'utf8'))
const { check, end } = make_checks()
const browser = await start_browser()
const STEPS = Number(process.env.STEPS ?? 12)
let dialogs = 0
let shown = 0
const visited = new Set()

const watch = page => page.on('dialog', dialog => { dialogs++; void dialog.dismiss() })

/** Elements that no page of ours has: marked ones, ones with handlers in attributes, frames and the like, scripts and styles that are not files of the app. */
const strangers = page => page.evaluate(() => [...document.querySelectorAll('*')].filter(one =>
	one.getAttribute('id')?.includes('xssm') || one.localName === 'xssm' || [...one.attributes].some(attribute => attribute.name.startsWith('on')) ||
	['iframe', 'object', 'embed', 'base', 'marquee', 'math', 'template', 'style', 'video', 'audio'].includes(one.localName) ||
	(one.localName === 'script' && !new URL(one.src || 'x:').pathname.startsWith('/assets/')) || /^\s*javascript:/i.test(one.getAttribute('href') ?? '')).map(one => one.outerHTML.slice(0, 120)))
/** How many different texts of the attacker stand on the page as text. */
const texts_shown = page => page.evaluate(() => new Set([...document.body.innerText.split('\n')].filter(line => line.includes('xssm'))).size)

const wrong = []
async function look(page, name, is_counted = true) {
	const found = await strangers(page)
	if (found.length)
		wrong.push(`${name}: ${found.length} elements: ${found.slice(0, 3).join(' ')}`)
	if (is_counted)
		shown += await texts_shown(page)
	visited.add(name)
}

/** Down to the end of everything that scrolls: rows are made when they come into view. */
async function scroll(page, name) {
	const steps = await page.evaluate(() => Math.max(1, ...[...document.querySelectorAll('*')].filter(one => one.scrollHeight > one.clientHeight + 40 && /auto|scroll/.test(getComputedStyle(one).overflowY))
		.map(one => Math.ceil(one.scrollHeight / Math.max(one.clientHeight, 200)))))
	for (let step = 0; step <= Math.min(steps, STEPS); step++) {
		await page.evaluate(part => document.querySelectorAll('*').forEach(one => {
			if (one.scrollHeight > one.clientHeight + 40 && /auto|scroll/.test(getComputedStyle(one).overflowY))
				one.scrollTop = one.scrollHeight * part
		}), step / Math.min(steps, STEPS))
		await page.waitForTimeout(20)
		await look(page, name, step % 4 === 0)
	}
}

await check('a page that takes texts for HTML is seen', async () => {
	const page = await (await browser.newContext()).newPage()
	watch(page)
	let seen = 0
	for (const text of texts.filter((_, at) => at % 7 === 0)) {
		await page.setContent('<p>' + text)
		seen += (await strangers(page)).length > 0
	}
	await page.waitForTimeout(300)
	const some = dialogs
	dialogs = 0
	await page.context().close()
	return seen > 40 && some > 10 ? '' : `${seen} elements and ${some} dialogs were seen`
})

const page = await open_page(browser, { url })
watch(page)
await check('a name that is none is shown as text at the sign-in', async () => {
	page.expected.push(/status of 4(01|22|29|00)/)
	await page.goto(url)
	for (const text of texts.filter((_, at) => at % 167 === 0)) {
		await page.getByLabel('User name').fill(text)
		await page.getByLabel('Password').fill(text)
		await page.getByRole('button', { name: 'Sign in' }).click()
		await page.getByRole('alert').first().waitFor()
		await look(page, 'sign-in')
	}
})
await check('sign in', async () => {
	await page.getByLabel('User name').fill(process.env.USER_NAME)
	await page.getByLabel('Password').fill(process.env.PASSWORD)
	await page.getByRole('button', { name: 'Sign in' }).click()
	await page.locator('.frame').waitFor()
})
const pages = await page.locator('.nav-link').evaluateAll(all => all.map(one => new URL(one.href).hash))
const open = async hash => { await page.goto(url + '/' + hash); await page.locator('main h1').waitFor(); await page.waitForTimeout(500) }
for (const hash of pages) {
	await check(`${hash}: no element is made of a text`, async () => {
		const before = wrong.length
		await open(hash)
		for (const one of await page.locator('main').getByRole('switch').all())
			await one.check({ timeout: 500 }).catch(() => {})
		await scroll(page, hash)
		return wrong.slice(before)
	})
}
await check('what can be opened is opened: rows, forms, comparisons', async () => {
	const before = wrong.length
	await open('#/rules')
	for (const name of ['Add rule', 'Edit']) {
		const button = page.getByRole('button', { name }).first()
		if (await button.count() && await button.click({ timeout: 1000 }).then(() => true, () => false)) {
			await page.waitForTimeout(300)
			await look(page, `rules: ${name}`)
			await page.keyboard.press('Escape')
		}
	}
	await open('#/history')
	const choices = page.locator('main input[type=checkbox]')
	await choices.first().check()
	await choices.last().check()
	await page.waitForTimeout(1500)
	await scroll(page, 'history: compare')
	return wrong.slice(before)
})
await check('addresses with a text in them', async () => {
	const before = wrong.length
	for (const text of texts.filter((_, at) => at % 50 === 0)) {
		for (const hash of ['#/rules?q=', '#/log?q=', '#/history?a=', '#/']) {
			await page.goto(url + '/' + hash + encodeURIComponent(text))
			await page.waitForTimeout(25)
			await look(page, 'addresses')
		}
	}
	return wrong.slice(before)
})
await check('answers of the API, opened as pages', async () => {
	const before = wrong.length
	for (const path of ['configuration', 'revisions', 'state/interfaces', 'state/firewall', 'configuration?q=' + encodeURIComponent(texts[1]), 'x' + encodeURIComponent(texts[1])]) {
		const answer = await page.goto(url + '/api/v1/' + path).catch(() => null)
		const type = answer?.headers()['content-type'] ?? ''
		if (answer && !/json|yaml/.test(type))
			wrong.push(`${path}: ${type}`)
		await look(page, 'api').catch(() => {})
	}
	page.expected.push(/status of (404|400)/, /favicon/)
	return wrong.slice(before)
})
await check('no dialog, no broken policy, no request elsewhere, and the texts were there to be read', () =>
	[dialogs ? `${dialogs} dialogs` : '', shown > 400 ? '' : `only ${shown} texts were shown`, ...complaints_of(page)])
console.log(`figures ${JSON.stringify({ pages: visited.size, shown, dialogs, elements: wrong.length })}`)
await browser.close()
end()
