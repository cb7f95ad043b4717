// SPDX-License-Identifier: GPL-3.0-or-later
// The frame around every page: navigation, the pending bar, messages.
import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { place } from '../core/router'
import { claimable, dismiss, session, sign_out, status, toasts, trial, workspace } from '../core/store'
import { connected } from '../core/live'
import { theme, type Theme } from '../core/theme'
import { Icon, Mark, type IconName } from './icon'
import { PendingBar } from './pending-bar'
import { Button, IconButton, Segments, Skeleton } from './parts'
import { StepUp } from './step-up'

interface Page {
	key: string
	text: string
	icon: IconName
	load: () => Promise<{ default: ComponentType }>
}

const PAGES: Page[] = [
	{ key: 'dashboard', text: 'Dashboard', icon: 'dashboard', load: () => import('../pages/dashboard') },
	{ key: 'rules', text: 'Firewall rules', icon: 'rules', load: () => import('../pages/rules') },
	{ key: 'log', text: 'Live log', icon: 'log', load: () => import('../pages/log') },
	{ key: 'interfaces', text: 'Interfaces', icon: 'interfaces', load: () => import('../pages/interfaces') },
	{ key: 'pending', text: 'Pending changes', icon: 'pending', load: () => import('../pages/pending') },
	{ key: 'history', text: 'History', icon: 'history', load: () => import('../pages/history') },
]
const SIGN_IN = () => import('../pages/signin')

const loaded = new Map<unknown, ComponentType>()

/** A page is fetched when it is first wanted; the skeleton comes only when that is slow. */
function Lazy({ load }: { load: Page['load'] }) {
	const [, again] = useState(0)
	const [failed, set_failed] = useState(false)
	const Ready = loaded.get(load)
	useEffect(() => {
		let wanted = true
		if (!loaded.has(load)) {
			load().then(module => {
				loaded.set(load, module.default)
				if (wanted)
					again(count => count + 1)
			}, () => wanted && set_failed(true))
		}
		return () => { wanted = false }
	}, [load])
	if (Ready)
		return <Ready />
	if (failed)
		return <div class="page"><p role="alert">This page could not be fetched. <a href="/">Load the app again</a>: it may have been updated.</p></div>
	return <div class="page"><Skeleton lines={6} /></div>
}

function Navigation({ onGone }: { onGone?: () => void }) {
	const changes = workspace.value?.changes ?? 0
	return (
		<nav class="nav" aria-label="Pages">
			<ul>
				{PAGES.map(page => (
					<li key={page.key}>
						<a href={'#/' + page.key} class="nav-link" aria-current={place.value.page === page.key ? 'page' : undefined} onClick={onGone}>
							<Icon name={page.icon} /><span>{page.text}</span>
							{page.key === 'pending' && changes > 0 && <span class="nav-count">{changes}<span class="unseen"> changes</span></span>}
						</a>
					</li>
				))}
			</ul>
		</nav>
	)
}

function Person() {
	const who = session.value
	return (
		<div class="person">
			<Segments label="Colours" name="theme" value={theme.value} onValue={value => { theme.value = value as Theme }} options={[
				{ key: 'auto', text: 'Auto', icon: 'auto' }, { key: 'light', text: 'Light', icon: 'sun' }, { key: 'dark', text: 'Dark', icon: 'moon' }]} />
			<div class="person-row">
				<span class="person-face" aria-hidden="true">{(who?.['full-name'] || who?.user || '?').slice(0, 1).toUpperCase()}</span>
				<span class="person-name"><b>{who?.['full-name'] || who?.user}</b><small>{who?.role}</small></span>
				<IconButton label="Sign out" icon="leave" onClick={() => void sign_out()} />
			</div>
		</div>
	)
}

function Brand() {
	return (
		<a class="brand" href="#/dashboard">
			<Mark /><span><b>Patronus</b><small>{status.value?.hostname ?? '\u00a0'}</small></span>
		</a>
	)
}

function Drawer({ onClose }: { onClose: () => void }) {
	const dialog = useRef<HTMLDialogElement>(null)
	useEffect(() => dialog.current?.showModal(), [])
	return (
		<dialog ref={dialog} class="drawer" aria-label="Menu" onCancel={onClose} onClose={onClose}
			onMouseDown={event => { if (event.target === dialog.current) onClose() }}>
			<div class="drawer-box">
				<div class="drawer-head"><Brand /><IconButton label="Close the menu" icon="x" onClick={onClose} /></div>
				<Navigation onGone={onClose} />
				<Person />
			</div>
		</dialog>
	)
}

function Toasts() {
	return (
		<div class="toasts" role="status" aria-live="polite">
			{toasts.value.map(one => (
				<div key={one.id} class={`toast tone-${one.tone}`}>
					<Icon name={one.tone === 'good' ? 'accept' : one.tone === 'bad' ? 'alert' : 'info'} />
					<span>{one.text}</span>
					{one.undo && <Button kind="quiet" small onClick={() => { one.undo?.(); dismiss(one.id) }}>Undo</Button>}
					<IconButton label="Dismiss" icon="x" onClick={() => dismiss(one.id)} />
				</div>
			))}
		</div>
	)
}

function StreamLost() {
	return connected.value === 'lost'
		? <p class="stream-lost" role="status"><Icon name="unlink" size={16} />Live data is interrupted. Trying again.</p>
		: null
}

function Frame() {
	const drawer = useSignal(false)
	const main = useRef<HTMLElement>(null)
	const page = PAGES.find(one => one.key === place.value.page)
	const shown = useRef(place.value.page)
	useEffect(() => {
		document.title = `${trial.value ? 'On trial · ' : ''}${page?.text ?? 'No such page'} · ${status.value?.hostname ?? 'Patronus'}`
		if (shown.current !== place.value.page) {
			shown.current = place.value.page
			main.current?.focus({ preventScroll: true })
			main.current?.scrollTo(0, 0)
		}
	})
	return (
		<div class="frame">
			<a class="skip" href="#main" onClick={event => { event.preventDefault(); main.current?.focus() }}>Skip to the page</a>
			<aside class="side" aria-label="Sidebar"><Brand /><Navigation /><Person /></aside>
			<header class="top">
				<IconButton label="Menu" icon="menu" aria-expanded={drawer.value} onClick={() => { drawer.value = true }} />
				<Brand />
			</header>
			<main id="main" ref={main} tabIndex={-1}>
				<StreamLost />
				{page ? <Lazy key={page.key} load={page.load} /> : <div class="page"><h1>There is no page “{place.value.page}”</h1><p><a href="#/dashboard">Go to the dashboard</a></p></div>}
			</main>
			<Toasts />
			<PendingBar />
			{drawer.value && <Drawer onClose={() => { drawer.value = false }} />}
		</div>
	)
}

export function App() {
	return (
		<>
			{session.value === undefined ? <div class="boot" role="status"><Mark size={44} /><span class="unseen">Loading Patronus</span></div>
				: session.value === null ? <Lazy key={String(claimable.value)} load={SIGN_IN} />
				: <Frame />}
			<StepUp />
		</>
	)
}
