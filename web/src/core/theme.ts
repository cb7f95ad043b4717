// SPDX-License-Identifier: GPL-3.0-or-later
import { effect, signal } from '@preact/signals'

export type Theme = 'auto' | 'light' | 'dark'
export const THEMES: Theme[] = ['auto', 'light', 'dark']
const KEY = 'patronus-theme'

function remembered(): Theme {
	try {
		const value = localStorage.getItem(KEY)
		return value === 'light' || value === 'dark' ? value : 'auto'
	} catch {
		return 'auto'
	}
}

export const theme = signal<Theme>(remembered())
const dark_query = matchMedia('(prefers-color-scheme: dark)')
const system_dark = signal(dark_query.matches)
dark_query.addEventListener('change', () => {
	system_dark.value = dark_query.matches
})
export const is_dark = () => theme.value === 'dark' || (theme.value === 'auto' && system_dark.value)

effect(() => {
	if (theme.value === 'auto')
		delete document.documentElement.dataset.theme
	else
		document.documentElement.dataset.theme = theme.value
	try {
		localStorage.setItem(KEY, theme.value)
	} catch {
		// a browser that keeps nothing still shows the theme for this visit
	}
})

const narrow_query = matchMedia('(max-width: 760px)')
export const narrow = signal(narrow_query.matches)
narrow_query.addEventListener('change', () => {
	narrow.value = narrow_query.matches
})
