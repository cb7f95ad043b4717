// SPDX-License-Identifier: GPL-3.0-or-later
// A list of the configuration: searched on the appliance, a page at a time, edited in a sheet.
import { useEffect, useRef, useState } from 'preact/hooks'
import { words_of } from '../core/api'
import type { Value } from '../core/draft'
import { plain } from '../core/format'
import { counts_of, entry_path, read_page, references_to, upload_entries, type Page } from '../core/objects'
import { place, settle } from '../core/router'
import { columns_of, page_title, title_of, type FormNode } from '../core/schema'
import { useEditable } from '../core/rights'
import { complain, edit, running_edits, toast, workspace_edits } from '../core/store'
import { t } from '../core/words'
import { Dialog, Menu, type MenuItem } from '../ui/dialog'
import { Icon } from '../ui/icon'
import { Button, Card, Empty, Notice, PageHead, Skeleton, Switch } from '../ui/parts'
import { Table } from '../ui/table'
import { EntryForm, type EntryDraft } from './settings-form'

const LISTS = '/firewall/lists'		// of addresses, whose entries are beside the configuration
const SHOWN = 3		// values of a long list that a cell shows

function Cell({ node, value }: { node: FormNode; value: unknown }) {
	if (value === undefined || value === null)
		return <span class="soft">{node.default !== undefined ? plain(node.default) : '–'}</span>
	if (Array.isArray(value)) {
		return <>{value.slice(0, SHOWN).map(one => <code key={plain(one)} class="cell-code">{plain(one)}</code>)}
			{value.length > SHOWN && <span class="soft"> {t('settings-and-more', { count: value.length - SHOWN })}</span>}</>
	}
	if (typeof value === 'boolean')
		return <>{value ? t('word-yes') : t('word-no')}</>
	return node.kind === 'leaf' && (node.type === 'choice' || node.type === 'reference') ? <>{plain(value)}</> : <code class="cell-code">{plain(value)}</code>
}

function Uses({ n }: { n: number }) {
	return n ? <span class="nowrap">{t('settings-used-n', { count: n })}</span> : <span class="soft nowrap">{t('settings-unused')}</span>
}

function Remove({ path, noun, name, onClose, onRemove }: { path: string; noun: string; name: string; onClose: () => void; onRemove: () => void }) {
	const [found, set_found] = useState<{ paths: string[]; all: number } | null>(null)
	useEffect(() => void references_to(path, SHOWN).then(set_found, () => set_found(null)), [path])		// without it a check says the same
	return (
		<Dialog title={t('settings-remove-2', { noun, name })} lead={t('settings-it-goes-from-the-pending')} onClose={onClose}
			actions={<><Button data-autofocus onClick={onClose}>{t('settings-keep-it')}</Button><Button kind="danger" icon="trash" onClick={onRemove}>{t('settings-remove-3', { name })}</Button></>}>
			{found !== null && found.all > 0 && <Notice tone="warn" icon="link" title={t('settings-referred-to', { count: found.all })}>
				<ul class="referring">{found.paths.map(one => <li key={one}><code class="cell-code">{one}</code></li>)}</ul>
				{found.all > found.paths.length && <p>{t('settings-and-more', { count: found.all - found.paths.length })}</p>}</Notice>}
		</Dialog>
	)
}

export function ListPage({ list, noun }: { list: FormNode; noun: string }) {
	const key = list['key-name'] ?? ''
	const [page, set_page] = useState<Page | null>(null)
	const [text, set_text] = useState(place.value.query.get('q') ?? '')
	const [error, set_error] = useState('')
	const [draft, set_draft] = useState<EntryDraft | null>(place.value.query.has('edit') ? { key: place.value.query.get('edit'), field: place.value.query.get('field') ?? undefined } : null)
	const [removing, set_removing] = useState<string | null>(null)
	const [sending, set_sending] = useState<{ file: string; share: number } | null>(null)
	const [counts, set_counts] = useState<Map<string, number> | null>(null)
	const asked = useRef(0)
	const columns = columns_of(list)
	const editable = useEditable(list, list.path).any
	const has_switch = list.children?.some(child => child.name === 'enabled')
	const fields = [key, 'description', 'enabled', ...columns.map(column => column.name), ...list.path === LISTS ? ['source'] : []].filter(name => list.children?.some(child => child.name === name))
	const version = `${workspace_edits.value} ${running_edits.value}`

	const read = async (cursor = '') => {
		const mine = ++asked.current
		try {
			const more = await read_page(list, { q: text, cursor, fields })
			if (mine !== asked.current)
				return
			set_page(before => cursor && before ? { ...more, rows: [...before.rows, ...more.rows] } : more)
			set_error('')
		} catch (problem) {
			if (mine === asked.current)
				set_error(words_of(problem))
		}
	}
	useEffect(() => {
		const soon = setTimeout(() => void read(), text ? 200 : 0)
		return () => clearTimeout(soon)
	}, [text, version])

	useEffect(() => void counts_of(list.path).then(set_counts, () => set_counts(null)), [list.path, version])

	const close = () => {
		set_draft(null)
		settle(text ? { q: text } : {})
	}
	const change = (then: Promise<unknown>, words: string) => void then.then(() => toast('good', words), complain)
	const remove = (name: string) => {
		set_removing(null)
		change(edit('DELETE', entry_path(list.path, name)), t('settings-is-removed-in-the-pending', { name }))
	}
	const move = (name: string, body: Record<string, string>) =>
		change(edit('POST', `${entry_path(list.path, name)}/move`, body), t('settings-is-moved-in-the-pending', { name }))
	const send = (name: string, file: File) => {
		const sent = upload_entries(name, file, share => set_sending({ file: file.name, share })).finally(() => set_sending(null))
		change(sent, t('settings-uploaded', { name, file: file.name }))
	}
	const pick = (name: string) => {
		const picker = document.createElement('input')
		picker.type = 'file'
		picker.addEventListener('change', () => {
			const file = picker.files?.[0]
			if (file)
				send(name, file)
		})
		picker.click()
	}
	const acts = (row: Value, at: number, rows: Value[]): MenuItem[] => {
		const name = String(row[key])
		const near = (by: number) => rows[at + by]?.[key]
		return [
			{ text: t('word-edit'), icon: 'edit', then: () => set_draft({ key: name }) },
			...row.source === 'upload' && list.path === LISTS ? [{ text: t('settings-upload'), icon: 'up', then: () => pick(name) }] as MenuItem[] : [],
			...list.ordered && !text ? [
				{ text: t('settings-move-up'), icon: 'up', disabled: at === 0, then: () => move(name, { before: String(near(-1)) }) },
				{ text: t('settings-move-down'), icon: 'down', disabled: at === rows.length - 1, then: () => move(name, { after: String(near(1)) }) },
				{ text: t('settings-move-to-the-top'), icon: 'top', disabled: at === 0, then: () => move(name, { to: 'first' }) },
				{ text: t('settings-move-to-the-end'), icon: 'bottom', disabled: at === rows.length - 1 && !page?.next, then: () => move(name, { to: 'last' }) },
			] as MenuItem[] : [],
			{ text: t('word-remove'), icon: 'trash', danger: true, then: () => set_removing(name) },
		]
	}

	const rows = page?.rows ?? []
	return (
		<>
			<PageHead title={page_title(list)} lead={list.description}>
				{editable && <Button kind="primary" icon="plus" onClick={() => set_draft({ key: null })}>{t('settings-new', { noun })}</Button>}
			</PageHead>
			{error && <Notice alert tone="bad" icon="unlink" title={t('settings-this-list-cannot-be-read')}><p>{error}</p></Notice>}
			{sending && <Notice tone="note" icon="up" title={t('settings-uploading', { file: sending.file, percent: Math.round(sending.share * 100) })}>
				<progress class="sending" max={1} value={sending.share} aria-label={sending.file} /></Notice>}
			<div class="tools">
				<label class="search"><Icon name="search" size={17} /><span class="unseen">{t('settings-search', { list: page_title(list) })}</span>
					<input type="search" value={text} placeholder={t('settings-search', { list: page_title(list).toLowerCase() })} onInput={event => {
						set_text(event.currentTarget.value)
						settle(event.currentTarget.value ? { q: event.currentTarget.value } : {})
					}} /></label>
				<span class="tools-count" role="status">{page && (page.all !== null && page.all > rows.length ? t('settings-n-of', { count: rows.length, all: page.all, noun }) : t('settings-n', { count: rows.length, noun }))}</span>
			</div>
			{!page && !error && <Skeleton lines={8} />}
			{page && rows.length === 0 && <Card><Empty icon={text ? 'search' : 'box'} title={text ? t('settings-no-contains', { noun, text }) : t('settings-there-is-no-yet', { noun })}>
				{!text && <p>{list.description}</p>}</Empty></Card>}
			{rows.length > 0 && <Card flush>
				<Table label={page_title(list)} rows={rows} keyOf={row => String(row[key])} columns={[
					{ key: 'name', text: title_of(key), head: true, cell: row => <div class="cell-title">
						<button type="button" class="link-button" onClick={() => set_draft({ key: String(row[key]) })}>{String(row[key])}</button>
						{typeof row.description === 'string' && <small>{row.description}</small>}</div> },
					...columns.map(column => ({ key: column.name, text: title_of(column.name), cell: (row: Value) => <Cell node={column} value={row[column.name]} /> })),
					...counts?.size ? [{ key: 'used', text: t('settings-used'), end: true, cell: (row: Value) => <Uses n={counts.get(String(row[key])) ?? 0} /> }] : [],
					...has_switch ? [{ key: 'on', text: t('settings-on'), cell: (row: Value) => <Switch bare label={t('settings-is-on', { value: String(row[key]) })} on={row.enabled !== false} disabled={!editable}
						onChange={on => change(edit('PATCH', entry_path(list.path, String(row[key])), { enabled: on ? null : false }),
							t(on ? 'settings-switched-on' : 'settings-switched-off', { name: String(row[key]) }))} /> }] : [],
					...editable ? [{ key: 'acts', text: t('word-actions'), end: true, cell: (row: Value) => <Menu label={t('settings-actions-for', { value: String(row[key]) })} items={acts(row, rows.indexOf(row), rows)} /> }] : [],
				]} />
			</Card>}
			{page?.next && <Button onClick={() => void read(page.next ?? '')}>{t('word-more')}</Button>}
			{draft && <EntryForm key={draft.key ?? ''} list={list} draft={draft} onClose={close} />}
			{removing !== null && <Remove path={entry_path(list.path, removing)} noun={noun} name={removing} onClose={() => set_removing(null)} onRemove={() => remove(removing)} />}
		</>
	)
}
