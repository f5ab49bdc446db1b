/** Mouse and pen over the map: strokes, polygons, and where the pointer is. */
import type Map from 'ol/Map'
import type MapBrowserEvent from 'ol/MapBrowserEvent'
import DragPan from 'ol/interaction/DragPan'
import PointerInteraction from 'ol/interaction/Pointer'
import { toPixel, type Pixel } from './pixels'

export type Tool = 'navigate' | 'brush' | 'eraser' | 'polygon'

export interface Hand {
  readonly tool: Tool
  hover(at: Pixel | null, screenX: number): void
  /** Points of a stroke; Ctrl turns the brush into the eraser and back. */
  strokeBegin(at: Pixel, turned: boolean): boolean
  strokeTo(at: Pixel): void
  strokeEnd(): void
  click(at: Pixel): void
  doubleClick(): void
}

type Event = MapBrowserEvent<PointerEvent>

export function listen(map: Map, hand: Hand): void {
  const wantsPan = ({ originalEvent }: MapBrowserEvent) => {
    const { button, shiftKey } = originalEvent as PointerEvent
    return button === 1 || (button === 0 && (shiftKey || hand.tool === 'navigate' || hand.tool === 'polygon'))
  }
  map.addInteraction(new DragPan({ condition: wantsPan }))
  map.addInteraction(
    new PointerInteraction({
      handleDownEvent: (event) => {
        const { button, shiftKey, ctrlKey, metaKey } = event.originalEvent as PointerEvent
        if (button !== 0 || shiftKey || (hand.tool !== 'brush' && hand.tool !== 'eraser')) return false
        return hand.strokeBegin(toPixel(event.coordinate), ctrlKey || metaKey)
      },
      handleDragEvent: (event) => {
        for (const at of between(map, event as Event)) hand.strokeTo(at)
        hand.hover(toPixel(event.coordinate), event.pixel[0]!)
      },
      handleUpEvent: () => {
        hand.strokeEnd()
        return false
      },
    }),
  )
  map.on('pointermove', (event) => hand.hover(toPixel(event.coordinate), event.pixel[0]!))
  map.on('click', (event) => hand.tool === 'polygon' && hand.click(toPixel(event.coordinate)))
  map.on('dblclick', (event) => event.preventDefault())
  // the browser's own event: the map's also fires for two quick clicks far apart
  map.getViewport()!.addEventListener('dblclick', () => hand.tool === 'polygon' && hand.doubleClick())
  map.getViewport()!.addEventListener('pointerleave', () => hand.hover(null, 0))
  map.getViewport()!.addEventListener('contextmenu', (event) => event.preventDefault())
}

/** Every point that the browser saw since the last event, so that quick strokes keep their curve. */
function between(map: Map, { originalEvent }: Event): Pixel[] {
  const points = originalEvent.getCoalescedEvents?.() ?? []
  return (points.length > 0 ? points : [originalEvent]).map((point) => toPixel(map.getEventCoordinate(point)))
}
