// SPDX-License-Identifier: GPL-3.0-or-later
// Every word of ours comes from a Fluent catalogue (src/locales/LANGUAGE/NAME.ftl). A page names the catalogues it needs; they come with it.
// Descriptions of settings come from YANG, and problems from the appliance: those stay English.
import { FluentBundle, FluentNumber, type FluentVariable } from '@fluent/bundle'
import { effect, signal } from '@preact/signals'
import type { ComponentChildren, VNode } from 'preact'

export const LANGUAGES: Record<string, string> = { en: 'English', de: 'Deutsch', zh: '中文' }		// each in its own words
const RIGHT_TO_LEFT = new Set(['ar', 'fa', 'he', 'ur'])
const KEY = 'patronus-language'
type Messages = Record<string, Pattern>
type Pattern = Parameters<FluentBundle['formatPattern']>[0]

const files = import.meta.glob<Messages>('../locales/*/*.ftl', { import: 'default' })
const wanted = new Set<string>()
const loaded = new Map<string, Promise<void>>()
const bundles = new Map<string, FluentBundle>()

function kept(key: string) {
	try {
		return localStorage.getItem(key)
	} catch {
		return null		// a browser that keeps nothing has its own language
	}
}

/** What this person chose, what somebody chose here last, or what the browser asks for. */
function choose(user?: string) {
	const asked = [user && kept(`${KEY}:${user}`), kept(KEY), ...navigator.languages].filter(Boolean).map(tag => (tag as string).split('-')[0])
	return asked.find(tag => tag in LANGUAGES) ?? 'en'
}

export const language = signal(choose())

function bundle_of(tag: string) {
	let bundle = bundles.get(tag)
	if (!bundle) {
		// Marks around values keep their direction apart; where all runs one way they would only be in the way of who copies.
		bundle = new FluentBundle(tag, { useIsolating: RIGHT_TO_LEFT.has(tag) })
		bundles.set(tag, bundle)
	}
	return bundle
}

function load(tag: string, name: string) {
	const path = `../locales/${tag}/${name}.ftl`
	let coming = loaded.get(path)
	if (!coming) {
		coming = files[path]().then(messages => {
			const body = Object.entries(messages).map(([id, value]) => ({ id, value, attributes: {} }))
			bundle_of(tag).addResource({ body })
		})
		coming.catch(() => loaded.delete(path))		// the next one who wants it tries again
		loaded.set(path, coming)
	}
	return coming
}

/** The catalogues of a page, in the language of now and later in any other. */
export async function need_words(names: string[]) {
	for (const name of names)
		wanted.add(name)
	await Promise.all(names.map(name => load(language.value, name)))
}

async function speak(tag: string) {
	await Promise.all([...wanted].map(name => load(tag, name)))
	language.value = tag
}

export async function set_language(tag: string, user?: string) {
	await speak(tag)
	try {
		localStorage.setItem(KEY, tag)
		if (user)
			localStorage.setItem(`${KEY}:${user}`, tag)
	} catch {
		// for this visit
	}
}

/** Somebody is known now: the language is that person's. */
export const speak_to = (user: string) => choose(user) === language.value ? Promise.resolve() : speak(choose(user))

effect(() => {
	document.documentElement.lang = language.value
	document.documentElement.dir = RIGHT_TO_LEFT.has(language.value) ? 'rtl' : 'ltr'
})

type Args = Record<string, string | number | undefined | null>

function format(id: string, args?: Record<string, FluentVariable>) {
	const bundle = bundle_of(language.value)
	const message = bundle.getMessage(id)
	if (!message?.value)
		return id
	const errors: Error[] = []
	const text = bundle.formatPattern(message.value, args, errors)
	for (const error of errors)
		console.error(`${language.value} ${id}: ${error.message}`)
	return text
}

/** The words for this message. */
export function t(id: string, args?: Args) {
	if (!args)
		return format(id)
	return format(id, Object.fromEntries(Object.entries(args).map(([name, value]) => [name, typeof value === 'number' ? new FluentNumber(value) : value ?? ''])))
}

/** Names a message in a table that is made before there are words: `t` is called where it is shown. */
export const msg = (id: string) => id

/** A message with elements in it: `parts` are put where the message names them. */
export function T({ id, args = {}, parts = {} }: { id: string; args?: Args; parts?: Record<string, ComponentChildren> }): VNode {
	const names = Object.keys(parts)
	const mark = (at: number) => String.fromCharCode(0xe000 + at)
	const text = t(id, { ...args, ...Object.fromEntries(names.map((name, at) => [name, mark(at)])) })
	return <>{text.split(/([\ue000-\ue0ff])/).map((piece, at) => at % 2 ? parts[names[piece.charCodeAt(0) - 0xe000]] : piece)}</>
}
