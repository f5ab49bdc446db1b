/** Scale bar, north arrow and zoom buttons. */
import type Map from 'ol/Map'
import { h } from '../dom'
import { iconButton } from '../toolbar'
import { northTurn, scaleBar, type Affine } from './coordinates'

/** The bar is true for the middle of the scene; without a CRS it counts pixels. */
export function addScaleBar(stage: HTMLElement, map: Map, metresPerPixel: number | null): void {
  const bar = stage.appendChild(h('div', { class: 'sv-scale' }))
  const draw = () => {
    const cells = map.getView().getResolution() ?? 1
    const { width, text } = scaleBar(metresPerPixel === null ? null : cells * metresPerPixel, cells)
    bar.style.width = `${width}px`
    bar.textContent = text
  }
  map.getView().on('change:resolution', draw)
  draw()
}

export function addNorthArrow(stage: HTMLElement, transform: Affine): void {
  const arrow = stage.appendChild(h('div', { class: 'sv-north', title: 'North' }))
  arrow.innerHTML = `<svg viewBox="0 0 30 30" width="30" height="30" fill="currentColor"><g transform="rotate(${northTurn(transform).toFixed(1)} 15 15)"><path d="M15 2 20 14H10z"/><text x="15" y="26" text-anchor="middle" font-size="11" font-weight="700" font-family="system-ui, sans-serif">N</text></g></svg>`
}

export function addZoomButtons(stage: HTMLElement, map: Map): void {
  const zoom = (by: number) => {
    const view = map.getView()
    view.animate({ zoom: view.getConstrainedZoom((view.getZoom() ?? 0) + by)!, duration: 160 })
  }
  stage.append(h('div', { class: 'sv-zoom' }, iconButton('plus', 'Zoom in', () => zoom(1)), iconButton('minus', 'Zoom out', () => zoom(-1))))
}
