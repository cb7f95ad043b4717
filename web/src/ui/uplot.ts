// SPDX-License-Identifier: GPL-3.0-or-later
import 'uplot/dist/uPlot.min.css'
export { default } from 'uplot'
