/** Line icons on a 20 x 20 grid, drawn with the text's colour. */
const PATHS = {
  crosshair: '<path d="M10 2v6M10 12v6M2 10h6M12 10h6"/>',
  pan: '<path d="M10 2.5v15M2.5 10h15M7.8 4.7 10 2.5l2.2 2.2M7.8 15.3l2.2 2.2 2.2-2.2M4.7 7.8 2.5 10l2.2 2.2M15.3 7.8l2.2 2.2-2.2 2.2"/>',
  window: '<circle cx="10" cy="10" r="6.5"/><path d="M10 3.5a6.5 6.5 0 0 0 0 13z" fill="currentColor"/>',
  brush: '<path d="M16.8 3.2c-.9-.9-2.2-.6-3 .3L8 10.3l1.7 1.7 6.8-5.8c.9-.8 1.2-2.1.3-3zM7.6 11.3c-1.7-.2-3 .9-3.2 2.4-.1 1.2-.8 2-2 2.3 1.6 1.4 6.5 1.7 6.9-2.1"/>',
  eraser: '<path d="m8.2 16.5 8.3-8.3-4.7-4.7-8.3 8.3a1.2 1.2 0 0 0 0 1.7l3 3zM7.7 7.7l4.7 4.7M6 16.5h10.5"/>',
  polygon: '<path d="M4.5 7.5 11 3.5l5.5 5-3 7.5-8-1z"/><g fill="currentColor" stroke="none"><circle cx="4.5" cy="7.5" r="1.6"/><circle cx="11" cy="3.5" r="1.6"/><circle cx="16.5" cy="8.5" r="1.6"/><circle cx="13.5" cy="16" r="1.6"/><circle cx="5.5" cy="15" r="1.6"/></g>',
  lasso: '<path d="M4.6 12.2C3.4 11 2.8 9.9 2.8 8.7c0-3.2 3.3-5.7 7.3-5.7s7.1 2.4 7.1 5.4-3.2 5.4-7.1 5.4c-1.3 0-2.5-.2-3.5-.6" stroke-dasharray="2.6 1.8"/><path d="M5.4 15.6a1.7 1.7 0 1 0-1.5-2.6c-.5 1.6.4 3.2.1 4.5"/>',
  bucket: '<path d="m8.2 3.2 7.3 7.3-5.3 5.3a1.6 1.6 0 0 1-2.3 0l-4-4a1.6 1.6 0 0 1 0-2.3zM6.5 2.5l3.2 3.2M3.6 10.5h11.9"/><path d="M17.3 13.3c.8 1.2 1.2 2 1.2 2.6a1.2 1.2 0 0 1-2.4 0c0-.6.4-1.4 1.2-2.6z" fill="currentColor"/>',
  relabelInside: '<path d="M4.5 7.5 11 3.5l5.5 5-3 7.5-8-1z" stroke-dasharray="2.2 1.8"/><path d="M10 7.2c2 0 3.2 1 3.2 2.6s-1.3 2.8-3.1 2.8-2.9-1.1-2.9-2.7S8.3 7.2 10 7.2z" fill="currentColor" fill-opacity=".55"/>',
  area: '<path d="M4.5 7.5 11 3.5l5.5 5-3 7.5-8-1z"/><path d="M7.5 12h5M7.5 10.8v2.4M12.5 10.8v2.4"/>',
  pick: '<path d="m11 6 3 3M12.2 4.6l1.6-1.6a1.5 1.5 0 0 1 2.2 0l1 1a1.5 1.5 0 0 1 0 2.2l-1.6 1.6zM12.5 7.5l-7 7-2.7 2.7.5-3.3 7.7-7.9"/>',
  erasePiece: '<path d="M6.5 3.5c2.5-.8 5 .6 5 3.2s-2 4.3-4.3 4.3-4.2-1.6-4.2-3.9c0-1.7 1.6-3 3.5-3.6z" stroke-dasharray="2.2 1.8"/><path d="m11.5 11.5 5.5 5.5M17 11.5 11.5 17"/>',
  relabelPiece: '<path d="M6.5 3.5c2.5-.8 5 .6 5 3.2s-2 4.3-4.3 4.3-4.2-1.6-4.2-3.9c0-1.7 1.6-3 3.5-3.6z" fill="currentColor" fill-opacity=".55"/><path d="M10.5 15.5h7M15 13l2.5 2.5L15 18"/>',
  wand: '<path d="M3 17 11.5 8.5M13.8 2.5v3.4M12.1 4.2h3.4M16.5 8.2v2.6M15.2 9.5h2.6M8 3v2.2M6.9 4.1h2.2"/>',
  seeds: '<circle cx="6" cy="6" r="1.3" fill="currentColor"/><circle cx="14" cy="14" r="1.3" fill="currentColor"/><path d="M6 2.5A3.5 3.5 0 0 1 9.5 6 3.5 3.5 0 0 1 6 9.5 3.5 3.5 0 0 1 2.5 6 3.5 3.5 0 0 1 6 2.5zM14 10.5a3.5 3.5 0 0 1 0 7 3.5 3.5 0 0 1 0-7z"/><path d="M12.5 3 3 12.5M17 7.5 7.5 17" stroke-dasharray="1.5 2.2"/>',
  between: '<path d="M3 5h14M3 15h14"/><path d="M6 8.3h8M5 11.7h10" stroke-dasharray="1.6 1.8"/><path d="M6 5h8M5 15h10" stroke-width="3"/>',
  smooth: '<path d="m2.5 8 2.5-3 2.5 4 2.5-4 2.5 4L15 5l2.5 3"/><path d="M2.5 15.5c3-3.5 5-3.5 7.5-1.5s4.5 2 7.5-1.5"/>',
  margin: '<circle cx="10" cy="10" r="3.6" fill="currentColor" fill-opacity=".55"/><circle cx="10" cy="10" r="7.3" stroke-dasharray="2.2 1.9"/>',
  holes: '<path d="M10 2.7a7.3 7.3 0 1 1 0 14.6 7.3 7.3 0 0 1 0-14.6z"/><circle cx="10" cy="10" r="2.8" fill="currentColor" stroke-dasharray="1.8 1.5"/>',
  small: '<circle cx="7.5" cy="8.5" r="4.8"/><path d="m14.3 13 3 3M17.3 13l-3 3"/>',
  largest: '<circle cx="7.8" cy="8.3" r="5.3" fill="currentColor" fill-opacity=".55"/><circle cx="15.5" cy="15.3" r="1.7" stroke-dasharray="1.5 1.3"/>',
  split: '<circle cx="5.8" cy="10" r="3.3" fill="currentColor" fill-opacity=".55"/><circle cx="14.2" cy="10" r="3.3"/><path d="M10 3v14" stroke-dasharray="2 2"/>',
  union: '<path d="M7.5 4.5a5.5 5.5 0 0 1 2.5.6 5.5 5.5 0 1 1 0 9.8 5.5 5.5 0 1 1-2.5-10.4z" fill="currentColor" fill-opacity=".55"/>',
  intersect: '<circle cx="7.3" cy="10" r="5"/><circle cx="12.7" cy="10" r="5"/><path d="M10 5.8a5 5 0 0 1 0 8.4 5 5 0 0 1 0-8.4z" fill="currentColor" fill-opacity=".7"/>',
  subtract: '<path d="M10 5.8A5 5 0 1 0 10 14.2a5 5 0 0 1 0-8.4z" fill="currentColor" fill-opacity=".55"/><circle cx="12.7" cy="10" r="5" stroke-dasharray="2 1.8"/>',
  copy: '<rect x="3" y="3" width="9" height="9" rx="1.5"/><path d="M15 8h.5A1.5 1.5 0 0 1 17 9.5v6a1.5 1.5 0 0 1-1.5 1.5h-6A1.5 1.5 0 0 1 8 15.5V15"/>',
  range: '<path d="M2.5 16.5c3 0 3-11 5-11s2 7 4 7 2-4 6-4"/><path d="M6.5 3v14M13.5 3v14" stroke-dasharray="2 2"/>',
  ball: '<circle cx="10" cy="10" r="7"/><ellipse cx="10" cy="10" rx="7" ry="2.6"/><path d="M10 3c2 2 2.7 4.3 2.7 7S12 15 10 17"/>',
  lock: '<rect x="4.5" y="9" width="11" height="8" rx="1.5" fill="currentColor" fill-opacity=".55"/><path d="M6.8 9V6.3a3.2 3.2 0 0 1 6.4 0V9"/>',
  unlock: '<rect x="4.5" y="9" width="11" height="8" rx="1.5"/><path d="M6.8 9V6.3a3.2 3.2 0 0 1 6.2-1.2"/>',
  undo: '<path d="M3.5 8h8.5a4.5 4.5 0 0 1 0 9H8M3.5 8 7 4.5M3.5 8 7 11.5"/>',
  redo: '<path d="M16.5 8H8a4.5 4.5 0 0 0 0 9h4M16.5 8 13 4.5M16.5 8 13 11.5"/>',
  fit: '<path d="M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4"/><rect x="7" y="7" width="6" height="6" rx=".8"/>',
  outline: '<path d="M10 3.5c4 0 6.5 2.3 6.5 5.7 0 4.3-3 7.3-7 7.3S3.5 13.8 3.5 10 6 3.5 10 3.5z"/>',
  fill: '<path d="M10 3.5c4 0 6.5 2.3 6.5 5.7 0 4.3-3 7.3-7 7.3S3.5 13.8 3.5 10 6 3.5 10 3.5z" fill="currentColor" fill-opacity=".55"/>',
  uncertainty: '<path d="M3 12.5c1.6-3.6 3-3.6 4.7 0s3 3.6 4.6 0 3-3.6 4.7 0"/><path d="M3 7.5c1.6-3.6 3-3.6 4.7 0s3 3.6 4.6 0 3-3.6 4.7 0" stroke-dasharray="1.6 2"/>',
  side: '<path d="M10 3v14" stroke-dasharray="2 2"/><path d="M7 6.5 3.5 10 7 13.5M13 6.5l3.5 3.5-3.5 3.5"/>',
  eye: '<path d="M1.8 10S4.8 4.5 10 4.5 18.2 10 18.2 10 15.2 15.5 10 15.5 1.8 10 1.8 10z"/><circle cx="10" cy="10" r="2.5"/>',
  eyeOff: '<path d="M3 3l14 14M8 4.8c.6-.2 1.3-.3 2-.3 5.2 0 8.2 5.5 8.2 5.5a14 14 0 0 1-2.4 3M5 6.3A14 14 0 0 0 1.8 10s3 5.5 8.2 5.5c1.5 0 2.8-.4 3.9-1"/>',
  help: '<circle cx="10" cy="10" r="7.5"/><path d="M7.8 7.8a2.2 2.2 0 1 1 3.3 2c-.7.4-1.1.8-1.1 1.7"/><circle cx="10" cy="14" r=".6" fill="currentColor"/>',
  close: '<path d="m5 5 10 10M15 5 5 15"/>',
  file: '<path d="M11.5 2.5h-6v15h9v-12zM11.5 2.5v3h3"/>',
  folder: '<path d="M2.5 5v10.5h15V7H9.5L8 5z"/>',
  upload: '<path d="M10 13V3.5M6 7.5l4-4 4 4M3 13v3.5h14V13"/>',
  check: '<path d="m4 10.5 4 4 8-9"/>',
  plus: '<path d="M10 4v12M4 10h12"/>',
  minus: '<path d="M4 10h12"/>',
  swipe: '<path d="M10 2.5v15M6.5 7.5 4 10l2.5 2.5M13.5 7.5 16 10l-2.5 2.5"/>',
} as const

export type Icon = keyof typeof PATHS

export function icon(name: Icon): SVGSVGElement {
  const holder = document.createElement('template')
  holder.innerHTML = `<svg viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${PATHS[name]}</svg>`
  return holder.content.firstElementChild as SVGSVGElement
}
