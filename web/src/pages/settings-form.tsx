// SPDX-License-Identifier: GPL-3.0-or-later
// A container as a page, and an entry of a list as a sheet beside it.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem, words_of } from '../core/api'
import { field_of, same, secrets_of, tidy, type Value } from '../core/draft'
import { read_container, read_entry, without_lists, write_container, write_entry, entry_path } from '../core/objects'
import { place } from '../core/router'
import { noun_of, title_of, type FormNode } from '../core/schema'
import { fields_of, useEditable } from '../core/rights'
import { running_edits, toast, workspace_edits } from '../core/store'
import type { FieldError } from '../core/types'
import { t } from '../core/words'
import { Dialog } from '../ui/dialog'
import { Members } from '../ui/form'
import { Icon } from '../ui/icon'
import { Button, Card, ErrorSummary, Notice, PageHead, Skeleton } from '../ui/parts'

/** Of "addresses-ipv4" that field, or else "addresses". */
function focus_on(name: string) {
	for (const field = name.split('-'); field.length; field.pop()) {
		const found = document.getElementById('field-' + field.join('-'))
		if (found) {
			found.closest('details')?.setAttribute('open', '')
			found.focus()
			return found
		}
	}
	return null
}

/** A link may say which field it is about: once it is there, it gets the focus, and again when its choices have come and it is another element. */
function useWantedField(name: string | null | undefined, is_there: boolean) {
	useEffect(() => {
		if (!name || !is_there)
			return
		let tries = 20
		let had: Element | null = null
		const timer = setInterval(() => {
			if (!had?.isConnected && (!had || document.activeElement === document.body))
				had = focus_on(name)
			if (--tries === 0)
				clearInterval(timer)
		}, 100)
		return () => clearInterval(timer)
	}, [is_there])
}

/** What went wrong with saving, in front of the fields; it takes the focus. */
function useTrouble(base: string) {
	const [errors, set_errors] = useState<FieldError[]>([])
	const [trouble, set_trouble] = useState('')
	const box = useRef<HTMLDivElement>(null)
	const fail = (problem: unknown) => {
		set_errors(problem instanceof Problem ? problem.errors : [])
		set_trouble(problem instanceof Problem && problem.status === 412 ? t('settings-somebody-changed-this-meanwhile-re') : words_of(problem))
		setTimeout(() => box.current?.focus(), 0)
	}
	const clear = () => {
		set_errors([])
		set_trouble('')
	}
	const jump = (error: FieldError) => focus_on(field_of(error, base))
	const view = (errors.length > 0 || trouble) && (
		<div ref={box} tabIndex={-1} class="summary">
			<ErrorSummary title={errors.length ? t('settings-not-right-yet', { count: errors.length }) : trouble} errors={errors} onJump={jump} />
		</div>
	)
	return { errors, fail, clear, view }
}

export function ContainerForm({ node }: { node: FormNode }) {
	const shown = without_lists(node)
	const editable = useEditable(node, node.path)
	const [before, set_before] = useState<Value | null>(null)
	const [draft, set_draft] = useState<Value>({})
	const [unreadable, set_unreadable] = useState('')
	const [busy, set_busy] = useState(false)
	const trouble = useTrouble(node.path)
	const seen = useRef('')
	const version = `${workspace_edits.value} ${running_edits.value}`
	useWantedField(place.value.query.get('field'), before !== null && editable.any)

	/** What somebody typed while it was read is kept. */
	const read = (shown_now: Value) => read_container(node).then(found => {
		set_before(found)
		set_draft(current => current === shown_now ? found : current)
		set_unreadable('')
	}, problem => set_unreadable(words_of(problem)))
	const has_secrets = Object.keys(secrets_of(shown, draft, '')).length > 0
	const is_changed = before !== null && (!same(before, tidy(shown, draft)) || has_secrets)
	useEffect(() => {
		if (!is_changed && seen.current !== version) {		// what one is typing is never replaced
			seen.current = version
			void read(draft)
		}
	}, [version, is_changed])

	const save = async () => {
		if (!before)
			return
		set_busy(true)
		trouble.clear()
		try {
			if (await write_container(node, before, draft))
				toast('good', t('settings-changed', { name: title_of(node.name) }))
			await read(draft)
		} catch (problem) {
			trouble.fail(problem)
		}
		set_busy(false)
	}
	return (
		<>
			<PageHead title={title_of(node.name)} lead={node.description} />
			{unreadable && <Notice alert tone="bad" icon="lock" title={t('settings-this-cannot-be-read')}><p>{unreadable}</p></Notice>}
			{!before && !unreadable && <Skeleton lines={6} />}
			{before && (shown.children ?? []).length > 0 && <Card class="settings-card">
				<form class="settings-form" noValidate onSubmit={event => { event.preventDefault(); void save() }}>
					{trouble.view}
					{!editable.any && <p class="read-only-note"><Icon name="lock" size={15} />{t('settings-read-only')}</p>}
					<fieldset class="plain" disabled={!editable.any}><legend class="unseen">{title_of(node.name)}</legend>
						<Members node={shown} value={draft} onValue={set_draft} form={{ base: node.path, errors: trouble.errors, fresh: false, closed: fields_of(editable.closed, node.path) }} />
					</fieldset>
					{editable.any && <div class="form-foot">
						<Button kind="primary" type="submit" icon="check" busy={busy} disabled={!is_changed}>{t('settings-save-to-the-pending-changes')}</Button>
						{is_changed && <Button onClick={() => { trouble.clear(); set_draft(before) }}>{t('settings-as-it-was')}</Button>}
					</div>}
				</form>
			</Card>}
		</>
	)
}

export interface EntryDraft {
	key: string | null		// null: a new one
	value?: Value			// to begin with
	field?: string			// what the focus is wanted on
}

export function EntryForm({ list, draft: given, onClose }: { list: FormNode; draft: EntryDraft; onClose: (saved: string | null) => void }) {
	const [draft, set_draft] = useState<Value | null>(given.key === null ? given.value ?? {} : null)
	const [before, set_before] = useState<Value>({})
	const [etag, set_etag] = useState<string | null>(null)
	const [unreadable, set_unreadable] = useState('')
	const [busy, set_busy] = useState(false)
	const base = given.key === null ? list.path : entry_path(list.path, given.key)
	const editable = useEditable(list, base)
	const key = list['key-name'] ?? ''
	const trouble = useTrouble(given.key === null && draft?.[key] ? entry_path(list.path, String(draft[key])) : base)

	useWantedField(given.field, draft !== null && editable.any)
	useEffect(() => {
		if (given.key === null)
			return
		read_entry(list, given.key).then(part => {
			set_before((part.value ?? {}) as Value)
			set_draft((part.value ?? {}) as Value)
			set_etag(part.etag)
		}, problem => set_unreadable(words_of(problem)))
	}, [])

	const save = async () => {
		if (!draft)
			return
		set_busy(true)
		trouble.clear()
		try {
			const made = await write_entry(list, given.key, before, draft, etag)
			toast('good', t(given.key === null ? 'settings-added' : 'settings-changed', { name: made }))
			onClose(made)
		} catch (problem) {
			set_busy(false)
			trouble.fail(problem)
		}
	}
	const noun = noun_of(list)
	return (
		<Dialog sheet title={given.key === null ? t('settings-new', { noun }) : `${title_of(noun)} ${given.key}`} lead={list.description} onClose={() => onClose(null)}
			onSubmit={() => void save()}
			actions={<><Button onClick={() => onClose(null)}>{editable.any ? t('word-cancel') : t('word-close')}</Button>
				{editable.any && <Button kind="primary" type="submit" icon="check" busy={busy} disabled={!draft}>{given.key === null ? t('settings-add-2', { noun }) : t('settings-save', { noun })}</Button>}</>}>
			{trouble.view}
			{unreadable && <Notice alert tone="bad" icon="lock" title={t('settings-this-cannot-be-read')}><p>{unreadable}</p></Notice>}
			{!draft && !unreadable && <Skeleton lines={6} />}
			{draft && <fieldset class="plain" disabled={!editable.any}><legend class="unseen">{noun}</legend>
				<Members node={list} value={draft} onValue={set_draft} form={{ base: given.key === null && draft[key] ? entry_path(list.path, String(draft[key])) : base, errors: trouble.errors, fresh: given.key === null, closed: fields_of(editable.closed, base) }} />
			</fieldset>}
		</Dialog>
	)
}
