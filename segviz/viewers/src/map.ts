/** Review of a scene and of its change: one map on the scene's own pixels, labels that are painted. */
import type Map from 'ol/Map'
import { askJson, post, sentence, type Label, type LabelRow, type State } from './api'
import { component, type Emit, type Viewer } from './component'
import { h } from './dom'
import { Frame } from './frame'
import { listen as listenToKeys, type Action } from './keys'
import { Drawing, type Brush } from './map/drawing'
import { addNorthArrow, addScaleBar, addZoomButtons } from './map/furniture'
import { listen as listenToPointer, type Hand, type Tool } from './map/hand'
import { Layers } from './map/layers'
import { Fit, openMap } from './map/open'
import { BandPicker } from './map/picker'
import { cellsIn, isInside, Revisions, type Box, type Pixel } from './map/pixels'
import { title, url, type MapProps, type Visit } from './map/props'
import { Readout } from './map/readout'
import { Sketch, type Shape } from './map/sketch'
import { Swipe } from './map/swipe'
import { Over } from './over'
import type { Edit } from './queue'
import { Session, type World } from './session'
import { Choice, Slider, Toolbar, type Tool as Button } from './toolbar'

const TOOLS = ['navigate', 'brush', 'eraser', 'polygon'] as const

/** As the server draws loss and gain. */
const LOSS_GAIN: readonly Label[] = [
  { value: 1, name: 'stable', color: '#009E73' },
  { value: 2, name: 'loss', color: '#D55E00' },
  { value: 3, name: 'gain', color: '#0072B2' },
]

const BRUSH = { min: 0.5, max: 500, step: 0.5, value: 12, logarithmic: true, format: (pixels: number) => `${pixels} px` }
const PERCENT = { min: 0, max: 100, step: 5, value: 45, format: (part: number) => `${part} %` }
const ERASED = '#ffffff'

const OPPOSITE: Record<Tool, Tool> = { navigate: 'navigate', brush: 'eraser', eraser: 'brush', polygon: 'polygon' }
const CURSORS: Record<Tool, string> = { navigate: 'grab', brush: 'none', eraser: 'none', polygon: 'crosshair' }

class MapViewer implements Viewer<MapProps>, Hand, World {
  readonly root: HTMLElement
  tool: Tool = 'navigate'
  private readonly frame: Frame
  private readonly toolbar: Toolbar
  private readonly map: Map
  private readonly fit: Fit
  private readonly layers: Layers
  private readonly sketch = new Sketch()
  private readonly drawing = new Drawing(this.sketch)
  private readonly swipe: Swipe
  private readonly readout: Readout
  private readonly session: Session
  private readonly revisions: Revisions
  private readonly brush = new Slider('Brush', BRUSH, () => this.point())
  private readonly over = new Over()
  private readonly opacity = new Slider('Mask', PERCENT, () => this.look())
  private readonly bands: BandPicker
  private readonly compare = new Choice('Compare', [], () => this.show())
  private readonly stopKeys: () => void
  private maskShown = true
  private ready = false
  private pointed: Pixel | null = null

  constructor(
    private props: MapProps,
    emit: Emit,
  ) {
    this.toolbar = mapToolbar(this.editable, (action) => void this.act(action))
    const chips = {
      ...(this.editable && { onChoose: () => this.point() }),
      ...(props.mode === 'review' && { onHide: () => this.showMasks() }),
    }
    this.frame = new Frame('map', this.toolbar, chips, this.editable)
    this.root = this.frame.root
    this.bands = new BandPicker(this.visit.bands, props.bands, () => this.showImages())
    this.revisions = new Revisions(this.visit.revision, props.max_zoom)
    this.layers = new Layers(props)
    const target = h('div', { class: 'sv-fill' })
    this.frame.stage.prepend(target)
    this.map = openMap(target, props, this.layers.grid, [...this.layers.all, this.sketch.shapes, this.sketch.outlines])
    this.fit = new Fit(this.map, props)
    this.swipe = new Swipe(this.frame.stage, this.map)
    this.readout = new Readout(props, (text) => this.frame.locate(text))
    const place = { url: url(props, this.visit), author: props.author ?? '' }
    this.session = new Session(place, this.legend, this, this.frame, this.toolbar, emit)
    this.stopKeys = listenToKeys(this.root, 'map', (action, label) => this.act(action, label))
    listenToPointer(this.map, this)
    this.furnish()
    this.offer()
    this.take('navigate')
    void this.open()
  }

  update(props: MapProps): void {
    const blurred = this.props.visits.filter(({ sharp }) => !sharp).length
    this.props = props
    this.frame.notice(props.notice)
    if (props.visits.filter(({ sharp }) => !sharp).length < blurred) this.showImages()
    if (props.mode === 'change') return this.frame.chips.show(LOSS_GAIN, [])
    void this.session.follow(this.visit.revision, this.legend).then(() => this.over.offer(this.rows))
  }

  resume(): void {
    this.map.updateSize()
  }

  destroy(): void {
    this.stopKeys()
    this.session.destroy()
    this.map.setTarget(undefined)
    this.map.dispose()
  }

  // What is shown

  /** The visit at the left, which is the one that is edited. */
  private get visit(): Visit {
    const id = this.props.change?.a ?? this.props.visit
    return this.props.visits.find((visit) => visit.id === id) ?? this.props.visits[0]!
  }

  /** The visit at the right of the swipe line, if any. */
  private get other(): Visit | undefined {
    const id = this.props.change?.b ?? this.compare.value
    return this.props.visits.find((visit) => visit.id === id)
  }

  private get editable(): boolean {
    return this.props.mode === 'review' && this.visit.editable
  }

  private get legend(): readonly Label[] {
    return this.props.mode === 'change' ? LOSS_GAIN : this.props.legend
  }

  private get rows(): readonly (Label | LabelRow)[] {
    return this.session.state?.labels ?? this.legend
  }

  private get resolution(): number {
    return this.map.getView().getResolution() ?? 1
  }

  /** What stands on the map and how the two dates share it. */
  private furnish(): void {
    const { stage } = this.frame
    const { left, right } = this.layers
    addScaleBar(stage, this.map, this.props.metres_per_pixel)
    if (this.props.proj4) addNorthArrow(stage, this.props.transform)
    addZoomButtons(stage, this.map)
    for (const layer of [left.image, left.mask, this.sketch.shapes]) this.swipe.clip(layer, 'left')
    for (const layer of [right.image, right.mask]) this.swipe.clip(layer, 'right')
    this.map.getView().on('change:resolution', () => this.layers.magnify(this.resolution))
  }

  /** What can be chosen above the map. */
  private offer(): void {
    const { hand, options } = this.frame
    const { shape, mode, visits } = this.props
    const others = visits.filter((visit) => visit.id !== this.visit.id)
    hand.append(this.brush.root, this.over.root)
    options.append(this.opacity.root, ...this.bands.roots)
    if (mode === 'review' && others.length > 0) options.append(this.compare.root)
    this.compare.fill([{ value: '', text: 'one date' }, ...others.map((visit) => ({ value: visit.id, text: title(visit) }))])
    this.brush.value = Math.min(12, Math.max(1, Math.round(Math.max(...shape) / 100)))
  }

  private async open(): Promise<void> {
    try {
      this.frame.progress('opening the scene', null)
      const state = this.props.mode === 'review' ? await askJson<State>(`${url(this.props, this.visit)}/state`) : null
      if (state) this.revisions.reset(state.revision)
      this.ready = true
      if (state) this.session.start(state)
      this.over.offer(this.rows)
      this.drawPending()
      this.show()
      this.fit.now()
      this.map.once('rendercomplete', () => this.frame.uncover())
    } catch (error) {
      this.frame.failed(sentence(error), () => void this.open())
    }
  }

  private show(): void {
    const other = this.other
    this.showImages()
    this.showMasks()
    this.look()
    this.swipe.show(other ? title(this.visit) : '', other ? title(other) : '')
  }

  private showImages(): void {
    this.layers.showImages(this.props, this.bands.rgb, this.visit, this.other)
  }

  private showMasks(): void {
    if (!this.ready) return
    if (this.props.mode === 'change') return this.layers.showChange(this.props)
    const hidden = this.rows.filter(({ value }) => this.frame.chips.hidden.has(value)).map(({ color }) => color)
    this.layers.showMasks(this.props, this.revisions, this.visit, this.other, hidden)
  }

  private look(): void {
    const opacity = this.opacity.value / 100
    this.layers.look(opacity, this.maskShown, this.other !== undefined)
    this.sketch.shapes.setOpacity(opacity)
    this.sketch.shapes.setVisible(this.maskShown)
    this.toolbar.relabel('mask', this.maskShown ? 'eye' : 'eyeOff', this.maskShown ? 'Hide the mask' : 'Show the mask')
  }

  // What the session asks of a scene

  carry(edit: Edit, revision: number): { init: RequestInit } {
    const shape = JSON.parse(edit.payload) as Shape
    return { init: post({ base_revision: revision, uuid: edit.uuid, author: this.session.place.author, ...shape }) }
  }

  async reload(): Promise<State> {
    const state = await askJson<State>(`${url(this.props, this.visit)}/state`)
    this.revisions.reset(state.revision)
    this.drawPending()
    this.rekey()
    return state
  }

  acknowledged(edit: Edit, state: State): boolean {
    if (!state.box) return edit.kind === 'stroke' && (this.settle(), true)
    this.revisions.changed(state.box, state.revision)
    this.rekey()
    return true
  }

  view(): Box {
    return cellsIn(this.map.getView().calculateExtent(this.map.getSize()), this.props.shape)
  }

  /** Ask for the tiles that changed; the sketch goes once they are drawn. */
  private rekey(): void {
    this.layers.rekey()
    this.map.once('postrender', () => this.map.once('rendercomplete', () => this.settle()))
  }

  private settle(): void {
    const pending = new Set(this.session.queue.pending.map((edit) => edit.uuid))
    this.sketch.settle(this.sketch.kept.filter((uuid) => !pending.has(uuid)))
  }

  drawPending(): void {
    for (const edit of this.session.queue.pending) {
      if (edit.kind !== 'stroke') continue
      const shape = JSON.parse(edit.payload) as Shape
      this.sketch.restore(edit.uuid, shape, this.colorOf(shape.label))
    }
  }

  // What the hand does

  hover(at: Pixel | null, screenX: number): void {
    this.pointed = at && isInside(at, this.props.shape) ? at : null
    this.drawing.pointTo(at, this.inHand.color)
    this.point()
    this.readout.point(this.pointed, this.visitsAt(screenX))
  }

  /** Both dates where change is shown, else the one on this side of the line. */
  private visitsAt(screenX: number): Visit[] {
    const other = this.other
    if (this.props.mode === 'change' && other) return [this.visit, other]
    return [other && this.swipe.isRight(screenX) ? other : this.visit]
  }

  strokeBegin(at: Pixel, turned: boolean): boolean {
    const tool = turned ? OPPOSITE[this.tool] : this.tool
    if (!this.ready || (tool !== 'brush' && tool !== 'eraser')) return false
    const brush = this.brushOf(tool)
    if (tool === 'brush' && !this.canPaint()) return false
    this.drawing.begin(tool, brush, at)
    return true
  }

  strokeTo(at: Pixel): void {
    this.drawing.extend(at)
  }

  strokeEnd(): void {
    this.send(this.drawing.end())
  }

  click(at: Pixel): void {
    if (this.ready && this.canPaint()) this.drawing.corner(at, 4 * this.resolution)
  }

  doubleClick(): void {
    this.closePolygon()
  }

  private closePolygon(): boolean {
    if (!this.drawing.polygonIsOpen) return false
    this.send(this.drawing.close(this.inHand))
    return true
  }

  private send(shape: Shape | null): void {
    if (!shape) return
    const edit = this.session.stroke(shape.tool, JSON.stringify(shape))
    this.sketch.keep(edit.uuid)
  }

  private canPaint(): boolean {
    if (this.frame.chips.active !== 0) return true
    this.frame.tell('There is no label to paint with yet; run a model or add a label first.')
    return false
  }

  private get inHand(): Brush {
    return this.brushOf(this.tool)
  }

  private brushOf(tool: Tool): Brush {
    const label = tool === 'eraser' ? 0 : this.frame.chips.active
    return { label, radius: this.brush.value, only: this.over.only, color: this.colorOf(label) }
  }

  private colorOf(label: number): string {
    return label === 0 ? ERASED : this.frame.chips.colorOf(label)
  }

  // Tools

  private act(action: Action, label = 0): boolean {
    const drawing = action === 'brush' || action === 'eraser' || action === 'polygon'
    if (drawing && !this.editable) return false
    switch (action) {
      case 'navigate': case 'brush': case 'eraser': case 'polygon': return this.take(action)
      case 'cancel': return this.cancel()
      case 'enter': return this.closePolygon()
      case 'drop': return this.dropCorner()
      case 'label': return this.frame.chips.choose(label), this.editable
      case 'undo': case 'redo': return this.editable && (this.session.step(action), true)
      case 'smaller': return this.brush.resize(false), true
      case 'larger': return this.brush.resize(true), true
      case 'fainter': return this.opacity.move(this.opacity.value - 10), true
      case 'stronger': return this.opacity.move(this.opacity.value + 10), true
      case 'mask': return (this.maskShown = !this.maskShown), this.look(), true
      case 'fit': return this.fit.now(), true
      case 'help': return this.frame.toggleHelp()
      default: return false
    } // prettier-ignore
  }

  private dropCorner(): boolean {
    if (!this.drawing.polygonIsOpen) return false
    this.drawing.dropCorner()
    this.drawing.pointTo(this.pointed, this.inHand.color)
    return true
  }

  private cancel(): boolean {
    if (this.frame.helpIsOpen) return this.frame.toggleHelp(false)
    if (!this.drawing.polygonIsOpen) return this.take('navigate')
    this.drawing.cancel()
    return true
  }

  private take(tool: Tool): boolean {
    this.tool = tool
    this.drawing.cancel()
    this.toolbar.press(TOOLS, tool)
    this.map.getViewport()!.style.cursor = CURSORS[tool]
    this.frame.hand.hidden = tool === 'navigate'
    this.brush.root.hidden = tool === 'polygon'
    this.point()
    return true
  }

  private point(): void {
    const { tool } = this
    const at = tool === 'brush' || tool === 'eraser' ? this.pointed : null
    this.sketch.point(at, Math.max(this.brush.value, 2 * this.resolution), this.inHand.color)
  }
}

function mapToolbar(editable: boolean, act: (action: Action) => void): Toolbar {
  const draw: Button[] = [
    { action: 'brush', icon: 'brush', title: 'Brush' },
    { action: 'eraser', icon: 'eraser', title: 'Eraser' },
    { action: 'polygon', icon: 'polygon', title: 'Polygon' },
  ]
  const steps: Button[] = [
    { action: 'undo', icon: 'undo', title: 'Undo' },
    { action: 'redo', icon: 'redo', title: 'Redo' },
  ]
  const look: Button[] = [
    { action: 'mask', icon: 'eye', title: 'Hide the mask' },
    { action: 'fit', icon: 'fit', title: 'Fit into the window' },
  ]
  const move: Button[] = [{ action: 'navigate', icon: 'pan', title: 'Move the map' }]
  const help: Button[] = [{ action: 'help', icon: 'help', title: 'Keys and mouse' }]
  return new Toolbar(editable ? [move, draw, steps, look, help] : [move, look, help], act)
}

export default component(
  ({ base, visit, mode, change }: MapProps) => [base, visit, mode, change?.a, change?.b, change?.label].join('/'),
  (props, emit) => new MapViewer(props, emit),
  2,
)
