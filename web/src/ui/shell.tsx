// SPDX-License-Identifier: GPL-3.0-or-later
// The frame around every page: navigation, the pending bar, messages.
import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { place } from '../core/router'
import { blank, claimable, dismiss, session, sign_out, status, toasts, trial, workspace } from '../core/store'
import { connected } from '../core/live'
import { is_list, lists_below, page_title, sections, title_of, type FormNode } from '../core/schema'
import { prefer } from '../core/preferences'
import { theme, type Theme } from '../core/theme'
import { msg, need_words, t, T } from '../core/words'
import { Icon, Mark, type IconName } from './icon'
import { PendingBar } from './pending-bar'
import { Button, IconButton, Segments, Skeleton } from './parts'
import { StepUp } from './step-up'

interface Page {
	key: string
	text: string
	icon: IconName
	load: () => Promise<{ default: ComponentType }>
	words?: string[]		// catalogues; its own is named like the page
	is_unlisted?: boolean		// the list below it stands for it
}

const PAGES: Page[] = [
	{ key: 'dashboard', text: msg('shell-dashboard'), icon: 'dashboard', load: () => import('../pages/dashboard'), words: ['dashboard', 'links'] },
	{ key: 'rules', text: msg('shell-firewall-rules'), icon: 'rules', load: () => import('../pages/rules'), words: ['rules', 'settings'] },
	{ key: 'log', text: msg('shell-live-log'), icon: 'log', load: () => import('../pages/log'), words: ['traffic'] },
	{ key: 'states', text: msg('shell-connections'), icon: 'swap', load: () => import('../pages/states'), words: ['traffic'] },
	{ key: 'explain', text: msg('shell-explain'), icon: 'help', load: () => import('../pages/explain'), words: ['traffic', 'settings'] },
	{ key: 'interfaces', text: msg('shell-interfaces'), icon: 'interfaces', load: () => import('../pages/interfaces'), words: ['interfaces', 'links'] },
	{ key: 'topology', text: msg('shell-topology'), icon: 'topology', load: () => import('../pages/topology'), words: ['topology', 'links', 'rules'] },
	{ key: 'pending', text: msg('shell-pending-changes'), icon: 'pending', load: () => import('../pages/pending'), words: ['changes'] },
	{ key: 'history', text: msg('shell-history'), icon: 'history', load: () => import('../pages/history'), words: ['changes'] },
	{ key: 'backups', text: msg('shell-backups'), icon: 'down', load: () => import('../pages/backups'), words: ['box', 'changes', 'settings'] },
	{ key: 'import', text: msg('shell-import'), icon: 'bottom', load: () => import('../pages/import'), words: ['import'] },
	{ key: 'drift', text: msg('shell-drift'), icon: 'drift', load: () => import('../pages/drift'), words: ['box'] },
	{ key: 'system', text: msg('shell-system'), icon: 'box', load: () => import('../pages/system'), words: ['box'] },
	{ key: 'secrets', text: msg('shell-secrets'), icon: 'lock', load: () => import('../pages/vault'), words: ['box'] },
	{ key: 'people', text: msg('shell-people'), icon: 'user', load: () => import('../pages/people'), words: ['access'] },
	{ key: 'audit', text: msg('shell-audit-log'), icon: 'shield', load: () => import('../pages/audit'), words: ['access'] },
	{ key: 'api', text: msg('shell-api'), icon: 'link', load: () => import('../pages/api') },
	{ key: 'gallery', text: msg('shell-gallery'), icon: 'sun', load: () => import('../pages/gallery'), words: ['changes', 'gallery', 'settings'], is_unlisted: true },
	{ key: 'setup', text: msg('shell-first-start'), icon: 'play', load: () => import('../pages/setup'), words: ['setup', 'import', 'access', 'changes'], is_unlisted: true },
	{ key: 'account', text: msg('shell-your-account'), icon: 'key', load: () => import('../pages/account'), words: ['access'], is_unlisted: true },
	{ key: 'settings', text: msg('shell-settings'), icon: 'edit', load: () => import('../pages/settings'), is_unlisted: true },
]
const SIGN_IN: Pick<Page, 'key' | 'load'> = { key: 'signin', load: () => import('../pages/signin') }

const loaded = new Map<unknown, ComponentType>()

/** A page is fetched when it is first wanted; the skeleton comes only when that is slow. */
function Lazy({ page }: { page: Pick<Page, 'key' | 'load' | 'words'> }) {
	const { load, words = [page.key] } = page
	const [, again] = useState(0)
	const [failed, set_failed] = useState(false)
	const Ready = loaded.get(load)
	useEffect(() => {
		let wanted = true
		if (!loaded.has(load)) {
			Promise.all([load(), need_words(words)]).then(([module]) => {
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
		return <div class="page"><p role="alert"><T id="shell-this-page-could-not-be" parts={{ link: <a href="/">{t('shell-load-the-app-again')}</a> }} /></p></div>
	return <div class="page"><Skeleton lines={6} /></div>
}

/** The sections of the schema; the lists of the one that is open stand below it. */
function Sections({ onGone }: { onGone?: () => void }) {
	const [nodes, set_nodes] = useState<FormNode[]>([])
	useEffect(() => void sections().then(set_nodes), [])
	const { page, path } = place.value
	const link = (node: FormNode, inner: boolean) => {
		const here = page === 'settings' && path === node.path.slice(1)
		return <a href={'#/settings' + node.path} class={`nav-link${inner ? ' nav-inner' : ''}`} aria-current={here ? 'page' : undefined} onClick={onGone}><span>{page_title(node)}</span></a>
	}
	return nodes.length === 0 ? null : (
		<>
			<h2 class="nav-head" id="nav-settings">{t('shell-settings')}</h2>
			<ul aria-labelledby="nav-settings">
				{nodes.map(node => (
					<li key={node.name}>
						{link(node, false)}
						{page === 'settings' && path.split('/')[0] === node.name && !is_list(node) && <ul>
							{lists_below(node).filter(list => list.path !== '/firewall/rules').map(list => <li key={list.path}>{link(list, true)}</li>)}
						</ul>}
					</li>
				))}
			</ul>
		</>
	)
}

function Navigation({ onGone }: { onGone?: () => void }) {
	const changes = workspace.value?.changes ?? 0
	return (
		<nav class="nav" aria-label={t('shell-pages')}>
			<ul>
				{PAGES.filter(page => !page.is_unlisted).map(page => (
					<li key={page.key}>
						<a href={'#/' + page.key} class="nav-link" aria-current={place.value.page === page.key ? 'page' : undefined} onClick={onGone}>
							<Icon name={page.icon} /><span>{t(page.text)}</span>
							{page.key === 'pending' && changes > 0 && <span class="nav-count">{changes}<span class="unseen"> {t('shell-nav-changes')}</span></span>}
						</a>
					</li>
				))}
			</ul>
			<Sections onGone={onGone} />
		</nav>
	)
}

function Person() {
	const who = session.value
	return (
		<div class="person">
			<Segments label={t('shell-colours')} name="theme" value={theme.value} onValue={value => { theme.value = value as Theme; void prefer({ theme: value as Theme }) }} options={[
				{ key: 'auto', text: t('shell-auto'), icon: 'auto' }, { key: 'light', text: t('shell-light'), icon: 'sun' }, { key: 'dark', text: t('shell-dark'), icon: 'moon' }]} />
			<div class="person-row">
				<span class="person-face" aria-hidden="true">{(who?.['full-name'] || who?.user || '?').slice(0, 1).toUpperCase()}</span>
				<a class="person-name" href="#/account" aria-label={t('shell-your-account-2', { user: who?.user })}><b>{who?.['full-name'] || who?.user}</b><small>{who?.role}</small></a>
				<IconButton label={t('shell-sign-out')} icon="leave" onClick={() => void sign_out()} />
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
		<dialog ref={dialog} class="drawer" aria-label={t('shell-menu')} onCancel={onClose} onClose={onClose}
			onMouseDown={event => { if (event.target === dialog.current) onClose() }}>
			<div class="drawer-box">
				<div class="drawer-head"><Brand /><IconButton label={t('shell-close-the-menu')} icon="x" onClick={onClose} /></div>
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
					{one.undo && <Button kind="quiet" small onClick={() => { one.undo?.(); dismiss(one.id) }}>{t('shell-undo')}</Button>}
					<IconButton label={t('shell-dismiss')} icon="x" onClick={() => dismiss(one.id)} />
				</div>
			))}
		</div>
	)
}

function StreamLost() {
	return connected.value === 'lost'
		? <p class="stream-lost" role="status"><Icon name="unlink" size={16} />{t('shell-live-data-is-interrupted-trying')}</p>
		: null
}

const PALETTE = () => import('./palette')

/** Ctrl-K anywhere, also while one types. */
function usePalette() {
	const open = useSignal(false)
	useEffect(() => {
		const key = (event: KeyboardEvent) => {
			if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k' && !document.querySelector('dialog[open]')) {
				event.preventDefault()
				open.value = true
			}
		}
		addEventListener('keydown', key)
		const soon = setTimeout(() => void PALETTE().catch(() => {}), 2000)		// so that it is there before the first letter
		return () => {
			clearTimeout(soon)
			removeEventListener('keydown', key)
		}
	}, [])
	return open
}

function PaletteSoon({ onClose }: { onClose: () => void }) {
	const [part, set_part] = useState<typeof import('./palette') | null>(null)
	useEffect(() => void PALETTE().then(set_part, onClose), [])
	return part && <part.Palette pages={PAGES.filter(page => page.key !== 'settings' && (page.key !== 'setup' || blank.value)).map(page => ({ text: t(page.text), icon: page.icon, href: '#/' + page.key }))} onClose={onClose} />
}

function Frame() {
	const drawer = useSignal(false)
	const palette = usePalette()
	const main = useRef<HTMLElement>(null)
	const page = PAGES.find(one => one.key === place.value.page)
	const address = `${place.value.page}/${place.value.path}`
	const shown = useRef(address)
	useEffect(() => {
		const title = `${place.value.path ? place.value.path.split('/').map(title_of).join(', ') : t(page?.text ?? 'shell-no-such-page')} · ${status.value?.hostname ?? 'Patronus'}`
		document.title = trial.value ? t('shell-on-trial-title', { title }) : title
		if (shown.current !== address) {
			shown.current = address
			main.current?.focus({ preventScroll: true })
			main.current?.scrollTo(0, 0)
		}
	})
	return (
		<div class="frame">
			<a class="skip" href="#main" onClick={event => { event.preventDefault(); main.current?.focus() }}>{t('shell-skip-to-the-page')}</a>
			<aside class="side" aria-label={t('shell-sidebar')}><Brand />
				<button type="button" class="finder" onClick={() => { palette.value = true }}><Icon name="search" size={16} /><span>{t('shell-go-to')}</span><kbd>{t('shell-ctrl-k')}</kbd></button>
				<Navigation /><Person /></aside>
			<header class="top">
				<IconButton label={t('shell-menu')} icon="menu" aria-expanded={drawer.value} onClick={() => { drawer.value = true }} />
				<Brand />
				<IconButton class="top-find" label={t('shell-go-to')} icon="search" onClick={() => { palette.value = true }} />
			</header>
			<main id="main" ref={main} tabIndex={-1}>
				<StreamLost />
				{page ? <Lazy key={page.key} page={page} /> : <div class="page"><h1>{t('shell-there-is-no-page', { page: place.value.page })}</h1><p><a href="#/dashboard">{t('shell-go-to-the-dashboard')}</a></p></div>}
			</main>
			<Toasts />
			<PendingBar />
			{palette.value && <PaletteSoon onClose={() => { palette.value = false }} />}
			{drawer.value && <Drawer onClose={() => { drawer.value = false }} />}
		</div>
	)
}

export function App() {
	return (
		<>
			{session.value === undefined ? <div class="boot" role="status"><Mark size={44} /><span class="unseen">{t('shell-loading-patronus')}</span></div>
				: session.value === null ? <Lazy key={String(claimable.value)} page={SIGN_IN} />
				: <Frame />}
			<StepUp />
		</>
	)
}
