// SPDX-License-Identifier: GPL-3.0-or-later
// The icons of the app: drawn for it on a grid of 20, one stroke of 1.6, round ends. Decoration only: the word stands beside or in the label.
const PATHS = {
	dashboard: 'M3 11a7 7 0 1 1 14 0M10 11l3.2-3.6M5.5 15.5h9',
	rules: 'M10 2.6 16.5 5v4.7c0 3.9-2.6 6.5-6.5 7.9-3.9-1.4-6.5-4-6.5-7.9V5zM7 8.5h6M7 11.5h4',
	log: 'M3 4.5h2M8 4.5h9M3 10h2M8 10h9M3 15.5h2M8 15.5h6',
	pending: 'M6 3v9.5M6 17a2.2 2.2 0 1 0 0-4.4A2.2 2.2 0 0 0 6 17zM14 7.4A2.2 2.2 0 1 0 14 3a2.2 2.2 0 0 0 0 4.4zM14 7.4c0 4-3.5 4.6-5.9 6.2',
	history: 'M3.5 4v3.5H7M3.8 7.4A7 7 0 1 1 3 10.5M10 6.5V10l2.6 1.8',
	interfaces: 'M3 6.5A1.5 1.5 0 0 1 4.5 5h11A1.5 1.5 0 0 1 17 6.5v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 13.5zM6.5 15v-3.5h7V15M8.8 11.5V13M11.2 11.5V13',
	search: 'M9 14.5A5.5 5.5 0 1 0 9 3.5a5.5 5.5 0 0 0 0 11zM13 13l4 4',
	plus: 'M10 4v12M4 10h12',
	edit: 'M4 16l.8-3.4 8.4-8.4a1.4 1.4 0 0 1 2 0l.6.6a1.4 1.4 0 0 1 0 2L7.4 15.2zM12 5.5l2.6 2.6',
	trash: 'M4 5.5h12M8 5.5V4h4v1.5M5.5 5.5l.7 10.5h7.6l.7-10.5M8.5 8.5v4.5M11.5 8.5v4.5',
	up: 'M10 16V4.5M5 9.2l5-4.7 5 4.7',
	down: 'M10 4v11.5M5 10.8l5 4.7 5-4.7',
	chevron: 'M5 7.5l5 5 5-5',
	top: 'M4 3.5h12M10 17V7.5M5.5 11.5 10 7.2l4.5 4.3',
	bottom: 'M4 16.5h12M10 3v9.5M5.5 8.5l4.5 4.3 4.5-4.3',
	more: 'M4.5 10h.01M10 10h.01M15.5 10h.01',
	grip: 'M7.5 5.5h.01M12.5 5.5h.01M7.5 10h.01M12.5 10h.01M7.5 14.5h.01M12.5 14.5h.01',
	tag: 'M3.5 4.5v5.2l6.9 6.9a1.4 1.4 0 0 0 2 0l4.2-4.2a1.4 1.4 0 0 0 0-2L9.7 3.5H4.5a1 1 0 0 0-1 1zM7 7h.01',
	grid: 'M3.5 3.5h5v5h-5zM11.5 3.5h5v5h-5zM3.5 11.5h5v5h-5zM11.5 11.5h5v5h-5z',
	help: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM7.8 8a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.5M10 13.8h.01',
	check: 'M4 10.5l4 4 8-9',
	x: 'M5 5l10 10M15 5 5 15',
	alert: 'M10 3.2 17.5 16h-15zM10 8v3.8M10 13.9h.01',
	info: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 9.3v4M10 6.6h.01',
	lock: 'M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9',
	pause: 'M7 4.5v11M13 4.5v11',
	play: 'M6 4l9.5 6L6 16z',
	filter: 'M3 4.5h14l-5.5 6.3v4.7l-3 1.5v-6.2z',
	sun: 'M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM10 2.5v1.7M10 15.8v1.7M2.5 10h1.7M15.8 10h1.7M4.7 4.7l1.2 1.2M14.1 14.1l1.2 1.2M4.7 15.3l1.2-1.2M14.1 5.9l1.2-1.2',
	moon: 'M16.5 11.8A6.8 6.8 0 0 1 8.2 3.5a6.8 6.8 0 1 0 8.3 8.3z',
	auto: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 3v14M10 7l4.5-1.5M10 11l6.7-1M10 15l4.8-1',
	user: 'M10 10.2a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6zM3.8 17c.6-3 3-4.6 6.2-4.6s5.6 1.6 6.2 4.6',
	leave: 'M8 4H4.5v12H8M8 10h9M13.5 6.5 17 10l-3.5 3.5',
	menu: 'M3 5.5h14M3 10h14M3 14.5h14',
	arrow: 'M4 10h11.5M11 5.5l4.5 4.5-4.5 4.5',
	copy: 'M7 7h9.5v9.5H7zM13 7V3.5H3.5V13H7',
	accept: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM6.8 10.3l2.2 2.2 4.2-4.7',
	drop: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM5.2 5.2l9.6 9.6',
	reject: 'M16.5 14.5v-3A3.5 3.5 0 0 0 13 8H3.8M7.5 4 3.5 8l4 4',
	undo: 'M16.5 15v-2.5A4.5 4.5 0 0 0 12 8H4M7.5 4.5 4 8l3.5 3.5',
	shield: 'M10 2.6 16.5 5v4.7c0 3.9-2.6 6.5-6.5 7.9-3.9-1.4-6.5-4-6.5-7.9V5zM7 9.8l2.2 2.2 4-4.3',
	link: 'M8.5 11.5a3 3 0 0 0 4.3 0l2.7-2.7a3 3 0 0 0-4.3-4.3L10 5.7M11.5 8.5a3 3 0 0 0-4.3 0l-2.7 2.7a3 3 0 0 0 4.3 4.3L10 14.3',
	unlink: 'M7.5 12.5 5.8 14.2M14.2 5.8l-1.7 1.7M4 4l12 12M9 4.5A3 3 0 0 1 14 5M11 15.5A3 3 0 0 1 6 15',
	left: 'M12 4.5 6.5 10l5.5 5.5',
	right: 'M8 4.5l5.5 5.5L8 15.5',
	swap: 'M7 16V4M3.5 7.5 7 4l3.5 3.5M13 4v12M9.5 12.5 13 16l3.5-3.5',
	drift: 'M3 10h4.5l3.5-5h6M11 15h6M7.5 10l3.5 5M14.5 2.6 17 5l-2.5 2.4',
	keyboard: 'M3 5.5h14v9H3zM6 8.5h.01M9 8.5h.01M11.5 8.5h.01M14 8.5h.01M6.5 11.7h7',
	key: 'M7 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10.5 10H17v3M14 10v2.2',
	clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4.2l2.8 1.7',
	box: 'M3.5 6.5 10 3l6.5 3.5v7L10 17l-6.5-3.5zM3.5 6.5 10 10l6.5-3.5M10 10v7',
	globe: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM3 10h14M10 3c2 2 2.8 4.4 2.8 7S12 15 10 17c-2-2-2.8-4.4-2.8-7S8 5 10 3z',
	topology: 'M7 3.5h6v4H7zM2.5 12.5h5v4h-5zM12.5 12.5h5v4h-5zM10 7.5v2.5M5 12.5V10h10v2.5',
	route: 'M5 16.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM15 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM13 5.5H8a2.5 2.5 0 0 0 0 5h4a2.5 2.5 0 0 1 0 4H7',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name, size = 18, class: extra }: { name: IconName; size?: number; class?: string }) {
	return (
		<svg class={'icon' + (extra ? ' ' + extra : '')} width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor"
			stroke-width={name === 'more' ? 2.6 : name === 'grip' ? 2.2 : 1.6} stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
			<path d={PATHS[name]} />
		</svg>
	)
}

/** The mark: a shield made of a network. */
export function Mark({ size = 28 }: { size?: number }) {
	return (
		<svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
			<path class="mark-field" d="M16 2.5 27 6.4v9.1c0 6.8-4.5 11.4-11 14-6.5-2.6-11-7.2-11-14V6.4z" />
			<path class="mark-lines" d="M10 12.2 16 9l6 3.2M16 9v13.5M10 12.2v5.3l6 5 6-5v-5.3" />
			<circle class="mark-node" cx="16" cy="9" r="2" />
			<circle class="mark-node mark-far" cx="10" cy="12.2" r="1.7" />
			<circle class="mark-node mark-far" cx="22" cy="12.2" r="1.7" />
			<circle class="mark-node" cx="16" cy="22.5" r="2" />
		</svg>
	)
}
