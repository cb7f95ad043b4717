// SPDX-License-Identifier: GPL-3.0-or-later
// The topology and the lines of the rules against a running suite: the real links, networks and routers of the lab; a cable that is pulled; packets that are sent.
//   BASE_URL=... CLAIM_CODE=... KERNEL='prints the addresses of the box as JSON' ROUTES='its IPv4 and IPv6 routes as JSON, an array a line' UNPLUG=... PLUG=...
//   SEND='sends UDP datagrams, each from a port of its own; behind it stand their rate and for how many seconds' node links.mjs
import { execSync, spawn } from 'node:child_process'
import { check_axe, claim, complaints_of, make_checks, open_page, overflow, settle, shoot, start_browser } from './look.mjs'

const url = process.env.BASE_URL
const { check, end } = make_checks()
const browser = await start_browser()
const page = await open_page(browser, { url })
const kernel = what => execSync(process.env[what]).toString().trim().split('\n').flatMap(line => JSON.parse(line))
const labels = kind => page.locator(`.topo-${kind}`).evaluateAll(all => all.map(one => one.getAttribute('aria-label')))
const NAMES = { eth0: 'wan', eth1: 'lan', eth2: 'dmz' }		// as examples/lab.yaml has them

await claim(page, url)
await page.goto(`${url}/#/topology`)
await page.locator('.topo > div > svg').waitFor()

await check('the links, addresses, networks and routers are those of the kernel, and whom a zone reaches is what the policy says', async () => {
	await settle(page)
	const ports = (await labels('port')).join('\n')
	const wrong = []
	for (const link of kernel('KERNEL').filter(one => one.link_type !== 'loopback')) {
		const told = ports.split('\n').find(line => line.startsWith(`Interface ${NAMES[link.ifname] ?? link.ifname}:`)) ?? ''
		wrong.push(!told && `${link.ifname} is not shown`, ...link.addr_info.filter(one => !told.includes(`${one.local}/${one.prefixlen}`)).map(one => `${link.ifname} has ${one.local}, the picture says "${told}"`),
			told && !told.includes(link.operstate === 'UP' ? ': up' : ': no carrier') && `${link.ifname} is ${link.operstate}, the picture says "${told}"`)
	}
	const routes = kernel('ROUTES')
	const nets = (await labels('net')).map(text => text.split(' ')[1]).sort()
	const wanted = routes.filter(one => one.protocol === 'kernel' && one.dst !== 'default' && !/^(fe80|ff00)/.test(one.dst) && one.type !== 'local').map(one => one.dst).sort()
	const gates = (await labels('gate')).map(text => text.split(' ')[1]).sort()
	const reaches = await labels('reach')
	const lines = await page.locator('.topo-way').count()
	return [...wrong, nets.join() !== wanted.join() && `networks ${nets}, the kernel has ${wanted}`, gates.join() !== routes.flatMap(one => one.gateway ?? []).sort().join() && `routers ${gates}`,
		...['From lan to wan: open ', 'From lan to dmz: open ', 'From wan to dmz: some web, ping', 'From dmz to wan: some dns, http +3', 'From lan to this box: some https, ssh +1', 'From this box to wan: open '].filter(text => !reaches.includes(text)).map(text => `it does not say "${text}": ${reaches}`),
		lines !== reaches.length && `${lines} ways are drawn for ${reaches.length}`, ...await check_axe(page, 'topology of the lab'), await overflow(page)]
})

await check('rates are those of the traffic that is there', async () => {
	await page.waitForFunction(() => /[1-9][0-9.]* [kM]b\/s/.test(document.querySelector('[data-thing="wan/wan"] .topo-number').textContent))
	await page.locator('.topo-wire-1, .topo-wire-2, .topo-wire-3').first().waitFor()
	await shoot(page, 'topology-lab')
})

await check('a cable that is pulled is seen without a reload, and one that is plugged again', async () => {
	const port = page.locator('[data-thing="dmz/dmz"]')
	await port.getByText('up', { exact: true }).waitFor()
	const loads = await page.evaluate(() => performance.getEntriesByType('navigation').length + performance.timeOrigin)
	const begin = Date.now()
	execSync(process.env.UNPLUG)
	await port.getByText('no carrier').waitFor()
	const took = Date.now() - begin
	await page.locator('.topo-wire-down').first().waitFor()
	await shoot(page, 'topology-unplugged')
	await page.getByRole('radio', { name: 'Tables' }).check()
	await page.getByRole('row', { name: /^dmz dmz no carrier/ }).waitFor()
	execSync(process.env.PLUG)
	await page.getByRole('row', { name: /^dmz dmz up/ }).waitFor()
	console.log(`    seen ${took} ms after the cable was pulled`)
	return [took > 5000 && `it took ${took} ms`, loads !== await page.evaluate(() => performance.getEntriesByType('navigation').length + performance.timeOrigin) && 'the page was loaded again']
})

/** Heights of the line of a rule above its foot, in pixels, the newest last. */
const heights = id => page.locator(`.rules [data-key="${id}"] .spark`).evaluate(spark => [...spark.querySelector('polyline')?.points ?? []].map(point => spark.viewBox.baseVal.height - 1 - point.y))
const send = (rate, seconds) => new Promise((done, fail) => spawn('sh', ['-c', `${process.env.SEND} ${rate} ${seconds}`], { stdio: ['ignore', 'ignore', 'inherit'] }).on('close', status => status ? fail(new Error(`SEND ended with ${status}`)) : done()))
const middle = values => [...values].sort((a, b) => a - b)[values.length >> 1]

await check('the line of a rule rises with the packets that are sent: as high as they are many, and no other rule\'s does', async () => {
	await page.goto(`${url}/#/rules`)
	await page.locator('.rules [data-key="lan-out"]').waitFor()
	await page.waitForTimeout(2500)
	const packets = async () => (await page.evaluate(async () => (await (await fetch('/api/v1/state/firewall')).json()).rules)).find(rule => rule.id === 'lan-out').packets
	const before = Number(await packets())
	await send(40, 6)
	await page.waitForTimeout(3000)
	await send(120, 6)
	await page.waitForTimeout(1500)
	const line = await heights('lan-out')
	const counted = Number(await packets()) - before
	await shoot(page, 'rules-spark')
	const high = middle(line.filter(one => one > 12))
	const low = middle(line.filter(one => one > 2 && one < 9))
	const rest = line.filter(one => one <= 1).length
	const others = (await heights('web-in')).filter(one => one > 0.5).length
	console.log(`    ${counted} packets counted of 960; the line is ${high.toFixed(1)} px high for 120 a second, ${low.toFixed(1)} px for 40`)
	return [Math.abs(counted - 960) > 30 && `${counted} packets were counted, 960 were sent`, Math.abs(low / high - 1 / 3) > 0.08 && `40 packets a second are ${low} px, 120 are ${high} px`, rest < 2 && `it does not rest in between: ${line.map(one => one.toFixed(1))}`,
		others && 'the line of a rule that decided nothing rises']
})

await check('the browser complained of nothing', () => complaints_of(page))
await browser.close()
end()
