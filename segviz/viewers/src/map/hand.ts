/** Mouse, pen and fingers over the map: strokes, loops, clicks, and where the pointer is. */
import type Map from 'ol/Map'
import type MapBrowserEvent from 'ol/MapBrowserEvent'
import DragPan from 'ol/interaction/DragPan'
import PointerInteraction from 'ol/interaction/Pointer'
import type { ToolRow } from '../tools'
import { toPixel, type Pixel } from './pixels'

export interface Hand {
  /** How the tool in the hand is used. */
  readonly use: ToolRow['use']
  hover(at: Pixel | null, screenX: number): void
  /** A stroke or a loop; Ctrl turns adding into taking away. False where none can begin. */
  strokeBegin(at: Pixel, turned: boolean): boolean
  strokeTo(at: Pixel): void
  strokeEnd(): void
  /** The stroke was none: a second finger came to move the map. */
  strokeDrop(): void
  click(at: Pixel, turned: boolean): void
  doubleClick(): void
  resize(larger: boolean): void
}

type Event = MapBrowserEvent<PointerEvent>

/** Screen pixels after which a stroke is meant, also when a second finger comes down. */
const MEANT = 12

export function listen(map: Map, hand: Hand): void {
  const draws = () => hand.use === 'stroke' || hand.use === 'loop'
  const turned = ({ ctrlKey, metaKey }: PointerEvent) => ctrlKey || metaKey
  const viewport = map.getViewport()!

  const wantsPan = ({ originalEvent, activePointers }: MapBrowserEvent) => {
    const { button, shiftKey } = originalEvent as PointerEvent
    return (activePointers?.length ?? 0) > 1 || button === 1 || (button === 0 && (shiftKey || !draws()))
  }
  map.addInteraction(new DragPan({ condition: wantsPan }))

  let from: readonly number[] = [0, 0]
  let travelled = 0
  let ended = true
  const drawing = new PointerInteraction({
    handleDownEvent: ({ originalEvent, coordinate, pixel }) => {
      const press = originalEvent as PointerEvent
      if (press.button !== 0 || press.shiftKey || !draws() || drawing.getPointerCount() > 1) return false
      ended = !hand.strokeBegin(toPixel(coordinate), turned(press))
      from = pixel
      travelled = 0
      return !ended
    },
    handleDragEvent: (event) => {
      if (ended) return
      if (drawing.getPointerCount() > 1) {
        ended = true
        return travelled > MEANT ? hand.strokeEnd() : hand.strokeDrop()
      }
      travelled = Math.max(travelled, Math.hypot(event.pixel[0]! - from[0]!, event.pixel[1]! - from[1]!))
      for (const at of between(map, event as Event)) hand.strokeTo(at)
      hand.hover(toPixel(event.coordinate), event.pixel[0]!)
    },
    handleUpEvent: () => {
      if (!ended) hand.strokeEnd()
      ended = true
      return false
    },
  })
  map.addInteraction(drawing)

  map.on('pointermove', (event) => hand.hover(toPixel(event.coordinate), event.pixel[0]!))
  map.on('click', (event) => hand.click(toPixel(event.coordinate), turned(event.originalEvent as PointerEvent)))
  map.on('dblclick', (event) => event.preventDefault())
  // the browser's own event: the map's also fires for two quick clicks far apart
  viewport.addEventListener('dblclick', () => hand.doubleClick())
  viewport.addEventListener('pointerleave', () => hand.hover(null, 0))
  viewport.addEventListener('contextmenu', (event) => event.preventDefault())
  viewport.addEventListener(
    'wheel',
    (event) => {
      if (!event.shiftKey || hand.use !== 'stroke') return
      event.preventDefault()
      event.stopImmediatePropagation()
      hand.resize((event.deltaY || event.deltaX) < 0)
    },
    { capture: true, passive: false },
  )
}

/** Every point that the browser saw since the last event, so that quick strokes keep their curve. */
function between(map: Map, { originalEvent }: Event): Pixel[] {
  const points = originalEvent.getCoalescedEvents?.() ?? []
  return (points.length > 0 ? points : [originalEvent]).map((point) => toPixel(map.getEventCoordinate(point)))
}
