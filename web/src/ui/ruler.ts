// SPDX-License-Identifier: GPL-3.0-or-later
// How wide a text is in a picture, and what of it fits.
const FONTS = { title: [14, 640], name: [14, 620], bold: [13, 580], small: [12, 450], code: [13, 450] } as const
export type Font = keyof typeof FONTS

export interface Ruler {
	(text: string, font: Font): number
	fit: (text: string, width: number, font: Font) => string
}

/** unit: pixels of a rem / 16. Sizes are those of css/topology.css. */
export function make_ruler(unit: number): Ruler {
	const canvas = document.createElement('canvas').getContext('2d')!
	const style = getComputedStyle(document.documentElement)
	const ruler = (text: string, font: Font) => {
		const [size, weight] = FONTS[font]
		canvas.font = `${weight} ${size * unit}px ${font === 'code' ? style.getPropertyValue('--mono') : style.fontFamily}`
		return Math.ceil(canvas.measureText(text).width)
	}
	const fit = (text: string, width: number, font: Font) => {
		if (ruler(text, font) <= width)
			return text
		let length = text.length
		while (length > 1 && ruler(text.slice(0, length) + '…', font) > width)
			length--
		return text.slice(0, length) + '…'
	}
	return Object.assign(ruler, { fit })
}
