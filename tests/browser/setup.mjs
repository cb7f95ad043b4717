// SPDX-License-Identifier: GPL-3.0-or-later
// The first start of an unclaimed box in the lab: cables are plugged from outside, the second factor is real, another browser goes on where the first was,
// and in the end the kernel has the addresses and the rules and a packet passes.
//   BASE_URL=... CLAIM_CODE=... FOLDER=... PLUG_WAN=... PLUG_LAN=... PASS='prints who the internet saw' KERNEL='prints addresses and rules' NEAR='says whether the LAN
//   reaches the box: ping, its page' [KEYBOARD=1 (the second pass) | LAN_ONLY=1 (the third)] node setup.mjs
// The second pass has no mouse: it claims, leaves the factor for later, chooses the ports by hand, imports, commits.
// The third has one cable, that of its own network.
import { execSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { by_keyboard, check_axe, complaints_of, make_checks, open_page, overflow, picture, shoot, start_browser, uncomfortable } from './look.mjs'

const { free_network, is_no_host, overlap, parse_prefix } = await import(`${process.env.FOLDER}/prefixes.mjs`)
const url = process.env.BASE_URL.replace(/\/$/, '')
const user = 'admin'
const password = 'a sentence is a good password 7'
const { check, end } = make_checks()
/* 198.51.100.2, as the server prints what came from it. */
const BOX = 'c633:6402'
const run = name => execSync(process.env[name], { timeout: 20000 }).toString().trim()
const otp = secret => execSync(`oathtool --totp -b ${secret}`).toString().trim()
const browser = await start_browser()
const page = await open_page(browser, { url })
page.setDefaultTimeout(10000)
await page.setViewportSize({ width: 1280, height: 860 })
const dialog = () => page.locator('dialog[open]')
const step = async name => {
	await page.waitForURL(`**/#/setup/${name}`)
	await page.locator('.setup-here a').waitFor()
}
const onward = () => page.locator('.setup-foot .button-primary').click()

/** Until nothing moves or fades: another theme and another width change colours and places by transitions. */
const settle = () => page.evaluate(async () => {
	await new Promise(then => requestAnimationFrame(() => requestAnimationFrame(then)))
	await Promise.allSettled(document.getAnimations().filter(one => one instanceof CSSTransition).map(one => one.finished))
})

/** Steps that the guide shows. */
const SHOWN = { '4-ports': 'setup', '5-addresses': 'setup-addresses', '6-rules': 'setup-rules', '7-review': 'setup-review' }
async function photograph(name, mode) {
	await shoot(page, `setup-${name}-${mode}`)
	if (SHOWN[name] && mode !== 'huge')
		await picture(page, `${SHOWN[name]}-${mode}`)
}

/** A small phone and a large screen: what a step must still be there. */
const WIDTHS = { phone: { width: 360, height: 760 }, huge: { width: 2560, height: 1440 } }

/** Each step as a designer and axe see it: both themes, on a phone and on a large screen as well. */
async function look(name, within = 'main') {
	const wrong = []
	for (const scheme of ['dark', 'light']) {
		await page.emulateMedia({ colorScheme: scheme })
		await settle()
		wrong.push(...await check_axe(page, `${name} ${scheme}`, within))
		await photograph(name, scheme)
	}
	for (const [size, viewport] of Object.entries(WIDTHS)) {
		await page.setViewportSize(viewport)
		await settle()
		const wide = await overflow(page)
		wrong.push(wide && `${name} scrolls sideways on a ${size}: ${wide}`, ...(await uncomfortable(page)).map(text => `${name} ${size}: ${text}`))
		await photograph(name, size)
		await page.emulateMedia({ colorScheme: 'dark' })
		await settle()
		await shoot(page, `setup-${name}-${size}-dark`)
		await page.emulateMedia({ colorScheme: 'light' })
	}
	await page.setViewportSize({ width: 1280, height: 860 })
	await settle()
	return wrong
}

/* ---- addresses as numbers ---- */

async function prefixes() {
	const of = parse_prefix
	const meets = (a, b) => overlap(of(a), of(b))
	const wrong = []
	for (const [a, b, wanted] of [['192.0.2.1/24', '192.0.2.129/25', true], ['192.0.2.1/25', '192.0.2.129/25', false], ['0.0.0.0/0', '203.0.113.9/32', true], ['192.0.2.1/24', '2001:db8::1/32', false],
		['2001:db8::1/32', '2001:db8:51::2/64', true], ['2001:db8:51::2/64', '2001:db8:52::2/64', false], ['::/0', '2001:db8::/32', true], ['198.18.0.0/15', '198.19.255.255', true]])
		if (meets(a, b) !== wanted || meets(b, a) !== wanted)
			wrong.push(`${a} and ${b}: ${!wanted}`)
	for (const text of ['', '192.0.2', '192.0.2.256', '192.0.2.01', '192.0.2.1/33', '192.0.2.1/', '192.0.2.1/24/1', '1::2::3', ':1', '2001:db8:::1', '12345::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8::', '2001:db8::1/129'])
		if (of(text) !== null)
			wrong.push(`"${text}" is taken`)
	for (const [text, wanted] of [['192.0.2.0/24', true], ['192.0.2.255/24', true], ['192.0.2.1/24', false], ['192.0.2.0/31', false], ['192.0.2.9/32', false], ['2001:db8::/64', false]])
		if (is_no_host(of(text)) !== wanted)
			wrong.push(`${text} is ${wanted ? 'a' : 'no'} host`)
	const first = free_network([])
	const second = free_network([of(first)])
	return [...wrong, (!first || !second || first === second || meets(first, second)) && `${second} is offered beside ${first}`, free_network([of('0.0.0.0/0')]) !== '' && 'a network is offered where none is free']
}

async function claim_form() {
	await page.goto(url)
	await page.getByRole('heading', { name: 'Claim this appliance' }).waitFor()
}

async function kernel_has(...wanted) {
	const told = run('KERNEL')
	return wanted.filter(text => !told.includes(text)).map(text => `the kernel has no "${text}"`)
}

/* ---- with the mouse ---- */

async function first_pass() {
	await check('networks that meet are found, and what is no address', prefixes)
	await check('1: a box without an administrator is claimed, and begins with its first start', async () => {
		await claim_form()
		const wrong = await look('1-claim', 'body')
		await page.getByLabel('Claim code').fill(process.env.CLAIM_CODE)
		await page.getByLabel('Password', { exact: true }).fill(password)
		await page.getByLabel('Password again').fill(password)
		await page.getByRole('button', { name: 'Become its administrator' }).click()
		await page.getByRole('heading', { name: 'First start' }).waitFor()
		await page.getByRole('heading', { name: 'Second factor' }).waitFor()
		return [...wrong, ...await look('2-factor', 'body')]
	})
	let secret = ''
	let recovery = []
	await check('2: a second factor is enrolled, and counts only with a right code', async () => {
		await page.getByRole('button', { name: 'Enrol' }).click()
		await dialog().locator('.qr').waitFor()
		await dialog().getByText('No camera').click()
		secret = (await dialog().locator('.secret-text code').textContent()).replace(/\s/g, '')
		const wrong = await look('2-factor-enrol', 'dialog')
		const right = otp(secret)
		page.expected.push(/second-factor\/confirm/)
		await dialog().getByLabel('Code of the app').fill(right === '000000' ? '111111' : '000000')
		await dialog().getByRole('button', { name: 'Confirm' }).click()
		await dialog().locator('.field-error').waitFor()
		await dialog().getByLabel('Code of the app').fill(otp(secret))
		await dialog().getByRole('button', { name: 'Confirm' }).click()
		await dialog().locator('.codes li').first().waitFor()
		recovery = await dialog().locator('.codes code').allTextContents()
		wrong.push(...await look('2-factor-codes', 'dialog'))
		await dialog().getByRole('checkbox').check()
		await dialog().getByRole('button', { name: 'Done' }).click()
		await step('names')
		return wrong
	})
	await check('3: the time zone of the browser is proposed, others are found by some letters', async () => {
		const zone = () => page.locator('[name=time-zone]:checked').getAttribute('value')
		const first = await zone()
		await page.getByLabel('Host name').fill('not a name')
		await onward()
		await page.locator('.field-error, .error-list').first().waitFor()
		page.expected.push(/status of 422/)
		await page.getByLabel('Host name').fill('gate')
		await page.getByRole('searchbox').fill('tok')
		await page.keyboard.press('Enter')
		const second = await zone()
		await page.getByRole('searchbox').fill('berl')
		await page.keyboard.press('Enter')
		const wrong = await look('3-names')		// few zones: axe looks at each of four hundred otherwise, twice
		await page.getByRole('searchbox').fill('')
		await onward()
		await step('ports')
		return [...wrong, first !== 'Europe/Berlin' && `${first} is proposed`, second !== 'Asia/Tokyo' && `"tok" finds ${second}`]
	})
	await check('another browser goes on at that step, with what was entered', async () => {
		const other = await open_page(browser, { url })
		await other.goto(url)
		await other.getByLabel('User name').fill(user)
		await other.getByLabel('Password').fill(password)
		other.expected.push(/status of 401/)
		await other.getByRole('button', { name: 'Sign in' }).click()
		await other.getByLabel('One-time code').fill(recovery[0])
		await other.getByRole('button', { name: 'Verify' }).click()
		await other.locator('.setup-here', { hasText: 'Ports' }).waitFor()
		await other.goto(`${url}/#/setup/names`)
		const name = await other.getByLabel('Host name').inputValue()
		const wrong = complaints_of(other)
		await other.context().close()
		return [...wrong, name !== 'gate' && `its name is ${name} there`]
	})
	await check('4: the port that a cable is plugged into is noticed, and proposed', async () => {
		await page.locator('.setup-port').nth(2).waitFor()
		await page.getByText('Plug the internet cable in now').waitFor()
		await page.waitForTimeout(1100)
		run('PLUG_WAN')
		await page.getByText('A cable was plugged into eth0').waitFor()
		const marked = await page.locator('.setup-noticed').getAttribute('data-port')
		const wrong = await look('4-ports')
		await page.getByRole('button', { name: 'Use eth0 for Internet (WAN)' }).click()
		run('PLUG_LAN')
		await page.getByRole('button', { name: 'Use eth1 for Own network (LAN)' }).click()
		await page.getByText('Both sides are chosen').waitFor()
		wrong.push(...await look('4-ports-chosen'))
		await onward()
		await step('addresses')
		return [...wrong, marked !== 'eth0' && `${marked} is marked`]
	})
	await check('left, opened again from the palette, and reloaded: it goes on at the addresses', async () => {
		await page.getByRole('link', { name: 'Go on later' }).click()
		await page.waitForURL('**/#/dashboard')
		await page.keyboard.press('Control+k')
		await page.getByRole('combobox').fill('first st')
		await page.keyboard.press('Enter')
		await page.locator('.setup-here', { hasText: 'Addresses' }).waitFor()
		await page.reload()
		await page.locator('.setup-here', { hasText: 'Addresses' }).waitFor()
	})
	await check('5: networks that meet, a gateway out of reach and no host are told before the appliance is asked', async () => {
		const wan = page.getByRole('group', { name: /WAN/ })
		const lan = page.getByRole('group', { name: /LAN/ })
		const offered = await lan.getByLabel('IPv4 address and length').inputValue()
		await wan.getByLabel('IPv4 address and length').fill('198.51.100.2/24')
		await wan.getByLabel('Gateway', { exact: true }).fill('203.0.113.1')
		await wan.getByText('The gateway is not in 198.51.100.2/24').waitFor()
		await lan.getByLabel('IPv4 address and length').fill('198.51.100.129/25')
		await lan.getByText('These two networks meet').waitFor()
		const wrong = await look('5-addresses')
		await onward()
		await page.waitForTimeout(200)
		if (!page.url().endsWith('/setup') && !page.url().endsWith('/setup/addresses'))
			wrong.push('it goes on with networks that meet')
		await lan.getByRole('button', { name: `Use ${offered}` }).click()
		await lan.getByText('These two networks meet').waitFor({ state: 'detached' })
		await lan.getByLabel('IPv4 address and length').fill('192.0.2.1/25')
		await wan.getByLabel('Gateway', { exact: true }).fill('198.51.100.1')
		await wan.getByLabel('IPv6 address and length').fill('2001:db8:51::2/64')
		await wan.getByLabel('IPv6 gateway').fill('2001:db8:51::1')
		await wan.getByLabel('Name servers').fill('198.51.100.53')
		await onward()
		await step('rules')
		return [...wrong, !offered && 'no network is offered for the LAN']
	})
	await check('6: a policy to begin with', async () => {
		const wrong = await look('6-rules')
		await onward()
		await step('review')
		return wrong
	})
	await check('7: nothing passed before; one commit on trial puts all of it into the kernel, and a packet passes', async () => {
		await page.getByText('Valid: the appliance can do this').waitFor()
		const before = run('PASS')
		const wrong = await look('7-review')
		await onward()
		await dialog().getByLabel('Time to answer').selectOption('300')
		wrong.push(...await look('7-commit', 'dialog'))
		await dialog().getByRole('button', { name: 'Commit', exact: true }).click()
		await page.getByRole('heading', { name: 'It is in force, on trial' }).waitFor()
		const seen = run('PASS')
		return [...wrong, ...await look('8-trial', 'body'), ...await kernel_has('198.51.100.2/24', '192.0.2.1/25', '2001:db8:51::2/64', 'default via 198.51.100.1', 'lan-out', 'masquerade'),
			before !== '' && `before the commit ${before} came through`, !seen.includes(BOX) && `the internet saw "${seen}"`]
	})
	await check('kept: it is set up, and the first start is over', async () => {
		await page.locator('.bar').getByRole('button', { name: 'Keep' }).click()
		await page.getByRole('heading', { name: 'gate is set up' }).waitFor()
		const wrong = await look('9-end')
		await page.locator('.bar').getByRole('button', { name: 'OK' }).click()
		await page.goto(`${url}/#/dashboard`)
		await page.reload()
		await page.locator('.frame').waitFor()
		await page.goto(`${url}/#/setup`)
		await page.waitForURL('**/#/dashboard')
		await page.keyboard.press('Control+k')
		await page.getByRole('combobox').fill('first start')
		await page.waitForTimeout(300)
		const goals = await page.getByRole('option').filter({ hasText: /^First start/ }).count()
		return [...wrong, goals > 0 && 'the palette still offers it', !run('PASS').includes(BOX) && 'nothing passes any more']
	})
}

/* ---- with the keyboard alone ---- */

const { tab_to, type_into, press, give_files } = by_keyboard(page)

const SAVED = `*nat
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 192.0.2.0/25 -o eth0 -j MASQUERADE
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i eth1 -o eth0 -p tcp --dport 80 -j ACCEPT
-A FORWARD -i eth1 -o eth0 -m string --string bad --algo bm -j ACCEPT
COMMIT
`

/* As it was entered, but for its name. */
const DOCUMENT = `system: { hostname: gate2, time-zone: Europe/Berlin }
interfaces:
  wan: { match: { name: eth0 }, addresses: [198.51.100.2/24] }
  lan: { match: { name: eth1 }, addresses: [192.0.2.1/25] }
routing:
  static:
    default-v4: { destination: 0.0.0.0/0, via: 198.51.100.1 }
firewall:
  zones:
    wan: { interfaces: [wan] }
    lan: { interfaces: [lan], default-action: reject }
management:
  web: { zones: [lan] }
`

/* What other firewalls keep, from the last kind to the first: the key that chooses it, what the page says of it, files. */
const SAMPLES = new URL('../import/', import.meta.url).pathname
const OTHERS = [
	['End', 'The files network and firewall of /etc/config', `${SAMPLES}uci/openwrt.uci`],
	['ArrowUp', 'config.xml, from Diagnostics, Backup', `${SAMPLES}pf/opnsense.xml`],
	['ArrowUp', 'What nft -j list ruleset prints', `${SAMPLES}nft/router.json`],
]

async function give_file(name, text) {
	const file = `${process.env.FOLDER}/${name}`
	writeFileSync(file, text)
	await give_files(/^File/, [file])
}

async function second_pass() {
	await check('by the keyboard alone: claimed, the factor left for later, named', async () => {
		await claim_form()
		await type_into(/^Claim code/, process.env.CLAIM_CODE)
		await type_into(/^Password$/, password)
		await type_into(/^Password again/, password)
		await page.keyboard.press('Enter')
		await page.getByRole('heading', { name: 'Second factor' }).waitFor()
		await press(/^Not now/)
		await step('names')
		await type_into(/^Host name/, 'gate')
		await page.keyboard.press('Enter')
		await step('ports')
	})
	await check('ports are chosen by hand', async () => {
		await page.locator('.setup-port').nth(2).waitFor()
		for (const [port, key] of [['eth0', 'ArrowRight'], ['eth1', 'ArrowLeft']]) {
			for (let tries = 0; tries < 30 && await page.evaluate(() => document.activeElement.name) !== `port-${port}`; tries++)
				await page.keyboard.press('Tab')
			await page.keyboard.press(key)		// "not used" is chosen, and the last of three
		}
		await page.getByText('eth0 leads to the internet').waitFor().catch(() => {})
		if (!await page.getByText('eth0 leads to the internet, eth1 to your own network').count())
			return `chosen: ${await page.locator('.setup-chosen').evaluateAll(all => all.map(one => `${one.dataset.port} ${one.querySelector('input:checked')?.value}`).join())}`
		await press(/^Continue/)
		await step('addresses')
	})
	await check('addresses are typed', async () => {
		await page.locator('#field-wan4').waitFor()
		await type_into(/^IPv4 address/, '198.51.100.2/24')
		await type_into(/^Gateway/, '198.51.100.1')
		await tab_to(/^Name servers/)
		await page.keyboard.press('Tab')
		await type_into(/^IPv4 address/, '192.0.2.1/25')
		await page.keyboard.press('Enter')
		await step('rules')
	})
	await check('nftables, pf and UCI are imported, each with an account that is the appliance\'s own', async () => {
		const wrong = []
		for (let tries = 0; tries < 30 && await page.evaluate(() => document.activeElement.name) !== 'way'; tries++)
			await page.keyboard.press('Tab')
		await page.keyboard.press('ArrowRight')
		await tab_to(/^What it is/)
		for (const [key, hint, ...files] of OTHERS) {
			await page.keyboard.press(key)
			await page.getByText(hint).waitFor()
			await give_files(/^File/, files)
			const answer = page.waitForResponse(/\/import\?format=/)
			await press(/^Take it into the draft/)
			const { done, changed, refused, account } = await (await answer).json()
			await page.locator('.import-account .segments').getByText(`${done} done`).waitFor()
			const told = await page.locator('.import-account .segments').textContent()
			const rows = await page.locator('.import-account tbody tr').count()
			wrong.push(!(told.includes(`${changed} changed`) && told.includes(`${refused} refused`)) && `${hint}: ${told}, of ${done}, ${changed}, ${refused}`,
				(rows !== Math.min(account.length, 200) || done === 0) && `${hint}: ${rows} rows of ${account.length}`)
			await tab_to(/^What it is/, 'Shift+Tab')
		}
		return wrong
	})
	await check('a document of Patronus takes the place of the draft and of all these, but for who is setting the box up', async () => {
		await page.keyboard.press('Home')
		await page.getByText('It takes the place of the whole configuration').waitFor()
		await give_file('box.yaml', DOCUMENT)
		await press(/^Take it into the draft/)
		await page.getByText('The document is in the draft').waitFor()
		const [, name, who] = await page.evaluate(async () => {
			const [{ id }] = (await (await fetch('/api/v1/workspaces')).json()).workspaces
			const read = async path => (await fetch('/api/v1/configuration' + path, { headers: { 'Patronus-Workspace': id } })).json()
			return [id, (await read('/system')).hostname, Object.keys(await read('/users/admin')).join()]
		})
		return [name !== 'gate2' && `the host name is ${name}`, !/role/.test(who) && `of the administrator is left: ${who}`]
	})
	await check('what iptables-save printed is imported, and every object is accounted for', async () => {
		await tab_to(/^What it is/, 'Shift+Tab')
		await page.keyboard.press('ArrowDown')
		await page.getByText('What iptables-save and ip6tables-save print').waitFor()
		await give_file('rules.v4', SAVED)
		await press(/^Take it into the draft/)
		await page.getByRole('heading', { name: 'What became of it' }).waitFor()
		const wrong = await look('6-import')
		const told = await page.locator('.import-account .segments').textContent()
		await press(/^Continue/)
		await step('review')
		return [...wrong, !/1 refused/.test(told) && `the account says ${told}`]
	})
	await check('gone back, it is taken up again', async () => {
		await page.getByText('Valid: the appliance can do this').waitFor()
		await press(/^Commit/)
		await dialog().waitFor()
		await press(/^Commit$/)
		await page.getByRole('heading', { name: 'It is in force, on trial' }).waitFor()
		await press(/^Go back/)
		await page.getByText('It was taken back').waitFor()
		const left = run('KERNEL')
		await press(/^Take it up again/)
		await page.locator('.setup-facts').getByText('gate2').waitFor()
		return left.includes('192.0.2.1/25') && 'the kernel still has the address'
	})
	await check('committed, and kept: what the import lets through passes', async () => {
		await page.getByText('Valid: the appliance can do this').waitFor()
		run('PLUG_WAN')
		run('PLUG_LAN')
		await press(/^Commit/)
		await dialog().waitFor()
		await press(/^Commit$/)
		await page.getByRole('heading', { name: 'It is in force, on trial' }).waitFor()
		const seen = run('PASS')
		await press(/^Keep/)
		await page.getByRole('heading', { name: 'gate2 is set up' }).waitFor()
		return [...await kernel_has('198.51.100.2/24', '192.0.2.1/25', 'masquerade'), !seen.includes(BOX) && `the internet saw "${seen}"`]
	})
}

/* ---- without the internet ---- */

async function lan_only() {
	await check('claimed and named', async () => {
		await claim_form()
		await page.getByLabel('Claim code').fill(process.env.CLAIM_CODE)
		await page.getByLabel('Password', { exact: true }).fill(password)
		await page.getByLabel('Password again').fill(password)
		await page.getByRole('button', { name: 'Become its administrator' }).click()
		await page.getByRole('button', { name: 'Not now' }).click()
		await step('names')
		await page.getByLabel('Host name').fill('shed')
		await onward()
		await step('ports')
	})
	await check('the one cable is proposed for either side, and is the LAN', async () => {
		await page.locator('.setup-port').nth(2).waitFor()
		await page.waitForTimeout(1100)
		run('PLUG_LAN')
		await page.getByText('A cable was plugged into eth1').waitFor()
		const wrong = await look('4-ports-lan')
		await page.getByRole('button', { name: 'Use eth1 for Own network (LAN)' }).click()
		await page.getByText('With your own network alone the box has no way to the internet yet').waitFor()
		await onward()
		await step('addresses')
		return wrong
	})
	await check('only what the LAN needs is asked for', async () => {
		const sides = await page.getByRole('group', { name: /WAN/ }).count()
		await page.getByLabel('IPv4 address and length').fill('192.0.2.1/25')
		await onward()
		await step('rules')
		const switches = await page.getByRole('switch').count()
		await onward()
		await step('review')
		return [sides > 0 && 'addresses of the internet are asked for', switches !== 1 && `${switches} permissions are offered`]
	})
	await check('committed, and kept: the LAN reaches the box and its page, and nothing is let through', async () => {
		await page.getByText('Valid: the appliance can do this').waitFor()
		await onward()
		await dialog().getByRole('button', { name: 'Commit', exact: true }).click()
		await page.getByRole('heading', { name: 'It is in force, on trial' }).waitFor()
		const near = run('NEAR')
		await page.locator('.bar').getByRole('button', { name: 'Keep' }).click()
		await page.getByRole('heading', { name: 'shed is set up' }).waitFor()
		const told = run('KERNEL')
		return [...await kernel_has('192.0.2.1/25'), near !== 'ping page' && `the LAN has: "${near}"`, /lan-out|masquerade/.test(told) && 'the LAN is let out', run('PASS') !== '' && 'something passes']
	})
}

await (process.env.KEYBOARD ? second_pass() : process.env.LAN_ONLY ? lan_only() : first_pass())
page.expected.push(/404.*commits\/pending/)		// it ended while it was asked for
await check('the browser complained of nothing', () => complaints_of(page))
await browser.close()
end()
