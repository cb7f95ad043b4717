// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers and times as people read them. Nothing here keeps state.
import type { Count } from './types'
import { language, t } from './words'

const STEPS = ['', 'k', 'M', 'G', 'T', 'P']

export const number_of = (count: Count | undefined | null) => {
	const value = Number(count ?? 0)
	return Number.isFinite(value) ? value : 0
}

function scaled(value: number, base: number): [string, string] {
	let step = 0
	while (Math.abs(value) >= base * 0.9995 && step < STEPS.length - 1) {
		value /= base
		step++
	}
	const digits = step === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
	return [value.toFixed(digits), STEPS[step]]
}

/** bytes per second as bits per second: ["12.4", "Mb/s"] */
export function bit_rate(bytesPerSecond: number): [string, string] {
	const [digits, step] = scaled(bytesPerSecond * 8, 1000)
	return [digits, step + 'b/s']
}

export const bit_rate_text = (bytesPerSecond: number) => bit_rate(bytesPerSecond).join(' ')

export function byte_size(bytes: number) {
	const [digits, step] = scaled(bytes, 1024)
	return `${digits} ${step ? step.toUpperCase() + 'iB' : 'B'}`
}

export function short_count(value: number) {
	const [digits, step] = scaled(value, 1000)
	return digits + step
}

export const full_count = (value: number) => value.toLocaleString(language.value)

export function duration(seconds: number) {
	seconds = Math.max(0, Math.floor(seconds))
	const days = Math.floor(seconds / 86400)
	const hours = Math.floor(seconds / 3600) % 24
	const minutes = Math.floor(seconds / 60) % 60
	if (days)
		return t('time-days', { days, hours })
	if (hours)
		return t('time-hours', { hours, minutes })
	if (minutes)
		return t('time-minutes', { minutes, seconds: seconds % 60 })
	return t('time-seconds', { seconds })
}

export function countdown(seconds: number) {
	seconds = Math.max(0, Math.ceil(seconds))
	return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

export function ago(iso: string | undefined, now = Date.now()) {
	const then = Date.parse(iso ?? '')
	if (Number.isNaN(then))
		return ''
	const seconds = Math.round((now - then) / 1000)
	if (seconds < 5)
		return t('time-now')
	if (seconds < 90)
		return t('time-seconds-ago', { count: seconds })
	if (seconds < 5400)
		return t('time-minutes-ago', { count: Math.round(seconds / 60) })
	if (seconds < 129600)
		return t('time-hours-ago', { count: Math.round(seconds / 3600) })
	return t('time-days-ago', { count: Math.round(seconds / 86400) })
}

/** A time to come. */
export function until(iso: string | undefined, now = Date.now()) {
	const seconds = Math.max(0, Math.round((Date.parse(iso ?? '') - now) / 1000))
	if (seconds < 90)
		return t('time-in-seconds', { count: seconds })
	if (seconds < 5400)
		return t('time-in-minutes', { count: Math.round(seconds / 60) })
	if (seconds < 129600)
		return t('time-in-hours', { count: Math.round(seconds / 3600) })
	return t('time-in-days', { count: Math.round(seconds / 86400) })
}

export function clock_time(iso: string) {
	const time = new Date(iso)
	if (Number.isNaN(time.getTime()))
		return iso
	const two = (value: number) => String(value).padStart(2, '0')
	return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.` +
		String(time.getMilliseconds()).padStart(3, '0')
}

export function date_time(iso: string | undefined) {
	const time = new Date(iso ?? '')
	return Number.isNaN(time.getTime()) ? '' : time.toLocaleString(language.value, { dateStyle: 'medium', timeStyle: 'short' })
}

export const list = (value: string | string[] | undefined | null): string[] =>
	value === undefined || value === null || value === '' ? [] : Array.isArray(value) ? value : [value]

/** A value of the configuration in one line of text. */
export function plain(value: unknown): string {
	if (value === null || value === undefined)
		return '–'
	if (Array.isArray(value))
		return value.map(plain).join(', ')
	if (typeof value === 'object')
		return Object.entries(value).map(([key, inner]) => `${key}: ${plain(inner)}`).join(', ')
	return String(value)
}
