/** Mouse, pen, fingers and wheel over the three planes, told as movements in voxels. */
import { contains, fromScreen, type PlaneView, type Vec3 } from '../geometry'
import type { Picture } from './picture'

/** `draw` is whatever the tool in the hand does. */
export type Drag = 'navigate' | 'window' | 'pan' | 'draw'

export interface Hand {
  /** Which drag a press begins. */
  dragOf(event: PointerEvent): Drag
  hover(view: PlaneView | null, voxel: Vec3 | null): void
  navigate(voxel: Vec3): void
  window(dx: number, dy: number): void
  drawBegin(view: PlaneView, voxel: Vec3, ctrl: boolean): void
  drawTo(view: PlaneView, voxel: Vec3): void
  drawEnd(): void
  /** A second finger came: the first was not meant to draw. */
  drawCancel(): void
  scroll(view: PlaneView, steps: number): void
  /** Shift and wheel; false where there is nothing to resize. */
  resize(larger: boolean): boolean
  doubleClick(view: PlaneView): void
}

interface Point {
  x: number
  y: number
}

/** Wheel movement that makes one slice; trackpads send many small ones. */
const NOTCH = 60

export function listen(layer: HTMLElement, picture: Picture, hand: Hand): void {
  let drag: (Point & { kind: Drag; view: PlaneView; at: Vec3; id: number }) | null = null
  let pinch: { ids: readonly [number, number]; apart: number; zoom: number; at: Vec3; view: PlaneView } | null = null
  const fingers = new Map<number, Point>()
  let wheel = 0

  const where = (event: MouseEvent): Point => {
    const box = layer.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const viewAt = ({ x, y }: Point) => picture.views.find((view) => contains(view, x, y)) ?? null
  const voxelAt = (view: PlaneView, { x, y }: Point) => fromScreen(view, x, y, picture.crosshair)
  /** The plane as it was drawn last: it moves while it is being moved. */
  const now = ({ plane }: PlaneView) => picture.views.find((view) => view.plane === plane)

  layer.addEventListener('pointerdown', (event) => {
    const at = where(event)
    if (event.pointerType === 'touch') fingers.set(event.pointerId, at)
    const view = viewAt(at)
    if (!view || pinch) return
    event.preventDefault()
    layer.focus({ preventScroll: true })
    layer.setPointerCapture(event.pointerId)
    if (drag && fingers.size === 2) return beginPinch(drag)
    if (drag) return
    const voxel = voxelAt(view, at)
    drag = { kind: hand.dragOf(event), view, at: voxel, id: event.pointerId, ...at }
    if (drag.kind === 'navigate') hand.navigate(voxel)
    if (drag.kind === 'draw') hand.drawBegin(view, voxel, event.ctrlKey || event.metaKey)
  })

  layer.addEventListener('pointermove', (event) => {
    const point = where(event)
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, point)
    if (pinch) return movePinch()
    const view = drag?.view ?? viewAt(point)
    const voxel = view && voxelAt(view, point)
    hand.hover(view, voxel)
    if (!voxel) return
    if (!drag) {
      if (event.shiftKey && event.buttons === 0) hand.navigate(voxel)
      return
    }
    if (event.pointerId !== drag.id) return
    if (drag.kind === 'navigate') hand.navigate(voxel)
    else if (drag.kind === 'window') hand.window(point.x - drag.x, point.y - drag.y)
    else if (drag.kind === 'pan') {
      const view = now(drag.view)
      if (view) picture.pan(drag.at, voxelAt(view, point))
    } else for (const passed of between(event)) hand.drawTo(drag.view, voxelAt(drag.view, where(passed)))
    drag.x = point.x
    drag.y = point.y
  })

  const end = (event: PointerEvent) => {
    fingers.delete(event.pointerId)
    if (pinch?.ids.includes(event.pointerId)) pinch = null
    if (drag?.id !== event.pointerId) return
    if (drag.kind === 'draw') hand.drawEnd()
    drag = null
  }
  layer.addEventListener('pointerup', end)
  layer.addEventListener('pointercancel', end)
  layer.addEventListener('pointerleave', () => drag ?? hand.hover(null, null))
  layer.addEventListener('contextmenu', (event) => event.preventDefault())

  function beginPinch(first: NonNullable<typeof drag>): void {
    if (first.kind === 'draw') hand.drawCancel()
    const [one, two] = [...fingers.keys()] as [number, number]
    const [a, b] = [fingers.get(one)!, fingers.get(two)!]
    const at = voxelAt(first.view, middle(a, b))
    pinch = { ids: [one, two], apart: distance(a, b), zoom: picture.zoom, at, view: first.view }
    drag = null
  }

  /** What lay between the fingers stays between them. */
  function movePinch(): void {
    const [a, b] = pinch!.ids.map((id) => fingers.get(id))
    if (!pinch || !a || !b) return
    picture.zoomAt(pinch.at, (pinch.zoom * distance(a, b)) / Math.max(pinch.apart, 1))
    const view = now(pinch.view)
    if (view) picture.pan(pinch.at, voxelAt(view, middle(a, b)))
  }

  layer.addEventListener('dblclick', (event) => {
    const view = viewAt(where(event))
    if (view) hand.doubleClick(view)
  })

  layer.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault()
      const at = where(event)
      const view = viewAt(at)
      if (!view || drag) return
      // with Shift held, browsers turn the wheel sideways
      const turned = event.deltaY || event.deltaX
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? turned : turned * 30
      if (event.ctrlKey || event.metaKey) {
        picture.zoomAt(voxelAt(view, at), picture.zoom * Math.exp(-pixels / 400))
        return
      }
      wheel = Math.abs(pixels) >= NOTCH || wheel * pixels < 0 ? pixels : wheel + pixels
      if (Math.abs(wheel) < NOTCH) return
      if (!event.shiftKey || !hand.resize(wheel < 0)) hand.scroll(view, -Math.sign(wheel))
      wheel = 0
    },
    { passive: false },
  )
}

/** Every point that the browser saw since the last event, so that quick strokes keep their curve. */
function between(event: PointerEvent): readonly PointerEvent[] {
  const points = event.getCoalescedEvents?.() ?? []
  return points.length > 0 ? points : [event]
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}
