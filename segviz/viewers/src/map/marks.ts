/** Cells that a tool would change, hatched over the map until it is applied or given up. */
import ImageLayer from 'ol/layer/Image'
import ImageCanvas from 'ol/source/ImageCanvas'
import type { Run } from '../runs'
import type { Shape } from './pixels'
import type { Grid } from './tiles'

/** Cells of one row that get one label: column from, to (exclusive). */
export interface Span {
  row: number
  from: number
  to: number
  label: number
}

export class Marks {
  readonly layer: ImageLayer<ImageCanvas>
  private spans: readonly Span[] = []
  private colorOf: (label: number) => string = () => '#ffffff'

  constructor(
    { projection }: Grid,
    private readonly shape: Shape,
  ) {
    const source = new ImageCanvas({ projection, ratio: 1, interpolate: false, canvasFunction: (extent, resolution, ratio, size) => this.draw(extent, resolution / ratio, size) })
    this.layer = new ImageLayer({ source, className: 'sv-marks', visible: false })
  }

  show(runs: readonly Run[], colorOf: (label: number) => string): void {
    this.spans = spansOf(runs, this.shape[1])
    this.colorOf = colorOf
    this.layer.setVisible(true)
    this.layer.getSource()!.changed()
  }

  hide(): void {
    this.spans = []
    this.layer.setVisible(false)
  }

  /** Extent in map units; `resolution` in map units a pixel of the canvas. */
  private draw([left, , right, top]: number[], resolution: number, [width, height]: number[]): HTMLCanvasElement {
    const canvas = Object.assign(document.createElement('canvas'), { width: Math.round(width!), height: Math.round(height!) })
    const pen = canvas.getContext('2d')!
    const bottom = -top! + height! * resolution
    const hatches = new Map<number, CanvasPattern>()
    for (let at = firstAt(this.spans, Math.floor(-top!)); at < this.spans.length; at++) {
      const { row, from, to, label } = this.spans[at]!
      if (row > bottom) break
      if (to < left! || from > right!) continue
      if (!hatches.has(label)) hatches.set(label, hatch(pen, this.colorOf(label)))
      pen.fillStyle = hatches.get(label)!
      const y = (row + top!) / resolution
      pen.fillRect((from - left!) / resolution, y, Math.max((to - from) / resolution, 1), Math.max(1 / resolution, 1))
    }
    return canvas
  }
}

/** Runs of row-major cells, cut where a row ends. */
export function spansOf(runs: readonly Run[], columns: number): Span[] {
  const spans: Span[] = []
  for (const { start, length, label } of runs) {
    for (let at = start; at < start + length; ) {
      const row = Math.floor(at / columns)
      const end = Math.min(start + length, (row + 1) * columns)
      spans.push({ row, from: at - row * columns, to: end - row * columns, label })
      at = end
    }
  }
  return spans
}

/** Where the spans of a row or of one below it begin; spans are sorted. */
export function firstAt(spans: readonly Span[], row: number): number {
  let [low, high] = [0, spans.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (spans[middle]!.row < row) low = middle + 1
    else high = middle
  }
  return low
}

const HATCH = 8

/** Diagonal lines in a colour over a thin veil of it. */
function hatch(pen: CanvasRenderingContext2D, color: string): CanvasPattern {
  const tile = Object.assign(document.createElement('canvas'), { width: HATCH, height: HATCH })
  const tilePen = tile.getContext('2d')!
  tilePen.fillStyle = `${color}66`
  tilePen.fillRect(0, 0, HATCH, HATCH)
  tilePen.strokeStyle = color
  tilePen.lineWidth = 2.2
  for (const shift of [-HATCH, 0, HATCH]) {
    tilePen.moveTo(shift - 1, HATCH + 1)
    tilePen.lineTo(shift + HATCH + 1, -1)
  }
  tilePen.stroke()
  return pen.createPattern(tile, 'repeat')!
}
