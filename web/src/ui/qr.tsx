// SPDX-License-Identifier: GPL-3.0-or-later
// A QR code as one path, from the rows the appliance sends. Dark on white in every theme: a phone must read it.
import '../css/qr.css'

const QUIET = 4		// modules of light around it (ISO/IEC 18004)

export function Qr({ rows, label }: { rows: string[]; label: string }) {
	const size = rows.length + 2 * QUIET
	const path = rows.flatMap((row, y) => [...row.matchAll(/1+/g)].map(run => `M${run.index + QUIET} ${y + QUIET}h${run[0].length}v1h-${run[0].length}z`)).join('')
	return (
		<svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
			<rect class="qr-light" width={size} height={size} /><path class="qr-dark" d={path} />
		</svg>
	)
}
