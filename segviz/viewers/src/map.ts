/** Review of a scene and of its change: one map on the scene's own pixels, labels that are painted. */
import Map from 'ol/Map'
import View from 'ol/View'
import { defaults as interactions } from 'ol/interaction/defaults'
import { askJson, post, sentence, type Label, type LabelRow, type State } from './api'
import { component, type Emit, type Viewer } from './component'
import { whenQuiet } from './dom'
import { Frame } from './frame'
import { listen as listenToKeys, type Action } from './keys'
import { composites, same, tileQuery, type Composite, type Rgb } from './map/bands'
import { lonLatText, nativeText, toLonLat, toNative, type Affine } from './map/coordinates'
import { Drawing, type Brush } from './map/drawing'
import { addNorthArrow, addScaleBar, addZoomButtons } from './map/furniture'
import { listen as listenToPointer, type Hand, type Tool } from './map/hand'
import { imageLayer, maskLayer, showImage, showMask, type Side } from './map/layers'
import { extentOf, isInside, projectionOf, Revisions, tileGridOf, type Pixel, type Shape as Rows } from './map/pixels'
import { Sketch, type Shape } from './map/sketch'
import { Swipe } from './map/swipe'
import type { Grid } from './map/tiles'
import { Over } from './over'
import type { Edit } from './queue'
import { Session, type World } from './session'
import { Choice, Slider, Toolbar, type Tool as Button } from './toolbar'

interface Visit {
  id: string
  name: string
  when: string | null
  bands: string[]
  revision: number
  editable: boolean
}

export interface MapProps {
  base: string
  visits: Visit[]
  visit: string
  shape: Rows
  transform: Affine
  proj4: string | null
  crs: string | null
  metres_per_pixel: number | null
  max_zoom: number
  bands: Rgb
  stretch: Record<string, [number, number]>
  legend: Label[]
  notice: string
  mode: 'review' | 'change'
  change: { a: string; b: string; label: number } | null
  author?: string
}

interface Values {
  values: Record<string, number | null>
  label: number
  name: string
}

const TOOLS = ['navigate', 'brush', 'eraser', 'polygon'] as const

/** As the server draws loss and gain. */
const LOSS_GAIN: readonly Label[] = [
  { value: 1, name: 'stable', color: '#009E73' },
  { value: 2, name: 'loss', color: '#D55E00' },
  { value: 3, name: 'gain', color: '#0072B2' },
]

const BRUSH = { min: 0.5, max: 500, step: 0.5, value: 12, logarithmic: true, format: (pixels: number) => `${pixels} px` }
const PERCENT = { min: 0, max: 100, step: 5, value: 45, format: (part: number) => `${part} %` }
const OWN = 'own'
const ERASED = '#ffffff'

const OPPOSITE: Record<Tool, Tool> = { navigate: 'navigate', brush: 'eraser', eraser: 'brush', polygon: 'polygon' }
const CURSORS: Record<Tool, string> = { navigate: 'grab', brush: 'none', eraser: 'none', polygon: 'crosshair' }

class MapViewer implements Viewer<MapProps>, Hand, World {
  readonly root: HTMLElement
  tool: Tool = 'navigate'
  private readonly frame: Frame
  private readonly toolbar: Toolbar
  private readonly map: Map
  private readonly grid: Grid
  private readonly left: Side = { image: imageLayer(), mask: maskLayer() }
  private readonly right: Side = { image: imageLayer(), mask: maskLayer() }
  private readonly sketch = new Sketch()
  private readonly drawing = new Drawing(this.sketch)
  private readonly swipe: Swipe
  private readonly session: Session
  private readonly revisions: Revisions
  private readonly brush = new Slider('Brush', BRUSH, () => this.point())
  private readonly opacity = new Slider('Mask', PERCENT, () => this.look())
  private readonly over = new Over()
  private readonly bands = new Choice('Bands', [], (name) => this.chooseBands(name))
  private readonly ownBands: Choice[]
  private readonly compare = new Choice('Compare', [], () => this.showRight())
  private readonly composites: Composite[]
  private readonly toLonLat
  private readonly stopKeys: () => void
  private readonly readValues = whenQuiet(120, (at: Pixel, visits: Visit[]) => void this.fetchValues(at, visits))
  private rgb: Rgb
  private maskShown = true
  private ready = false
  private fitted = ''
  private keyed = 0
  private pointed: Pixel | null = null
  private pointedRight = false
  private measured = ''

  constructor(
    private props: MapProps,
    emit: Emit,
  ) {
    this.rgb = props.bands
    this.composites = composites(this.visit.bands, props.bands)
    this.toLonLat = toLonLat(props.proj4)
    this.revisions = new Revisions(this.visit.revision, props.max_zoom)
    this.grid = { projection: projectionOf(props.shape), tileGrid: tileGridOf(props.shape, props.max_zoom) }
    this.toolbar = mapToolbar(this.editable, (action) => void this.act(action))
    this.frame = new Frame('map', this.toolbar, {
      ...(this.editable && { onChoose: () => this.point() }),
      ...(props.mode === 'review' && { onHide: () => this.showMasks() }),
    })
    this.root = this.frame.root
    this.ownBands = ['R', 'G', 'B'].map((name, at) => this.bandChoice(name, at))
    this.map = this.makeMap()
    this.swipe = new Swipe(this.frame.stage, this.map)
    this.session = new Session({ url: this.url(this.visit), author: props.author ?? '' }, this.legend, this, this.frame, this.toolbar, emit)
    this.stopKeys = listenToKeys(this.root, 'map', (action, label) => this.act(action, label))
    this.furnish()
    this.take('navigate')
    void this.open()
  }

  update(props: MapProps): void {
    this.props = props
    this.frame.notice(props.notice)
    if (props.mode === 'change') return this.frame.chips.show(LOSS_GAIN, [])
    this.over.offer(this.rows)
    void this.session.follow(this.visit.revision, this.legend)
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

  private get visit(): Visit {
    const id = this.props.change?.a ?? this.props.visit
    return this.props.visits.find((visit) => visit.id === id) ?? this.props.visits[0]!
  }

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

  private url(visit: Visit): string {
    return `${this.props.base}/visits/${visit.id}`
  }

  private makeMap(): Map {
    const { image, mask } = this.right
    const layers = [this.left.image, image, this.left.mask, mask, this.sketch.shapes, this.sketch.outlines]
    const target = this.frame.stage.insertBefore(document.createElement('div'), this.frame.stage.firstChild)
    target.className = 'sv-fill'
    return new Map({
      target,
      layers,
      controls: [],
      interactions: interactions({ doubleClickZoom: false, dragPan: false, shiftDragZoom: false, altShiftDragRotate: false, pinchRotate: false, keyboard: false }),
      view: new View({
        projection: this.grid.projection,
        center: [this.props.shape[1] / 2, -this.props.shape[0] / 2],
        resolution: 2 ** this.props.max_zoom,
        minResolution: 1 / 16,
        maxResolution: 2 ** (this.props.max_zoom + 1),
        extent: extentOf(this.props.shape),
        constrainOnlyCenter: true,
        smoothResolutionConstraint: false,
        enableRotation: false,
      }),
    })
  }

  private furnish(): void {
    const { stage, options } = this.frame
    const { mode, transform, metres_per_pixel: metres, proj4 } = this.props
    addScaleBar(stage, this.map, metres)
    if (proj4) addNorthArrow(stage, transform)
    addZoomButtons(stage, this.map)
    listenToPointer(this.map, this)
    this.map.on('change:size', () => this.refit())
    this.map.getView().on('change:resolution', () => this.sharpen())
    for (const layer of [this.left.image, this.left.mask, this.sketch.shapes]) this.swipe.clip(layer, 'left')
    for (const layer of [this.right.image, this.right.mask]) this.swipe.clip(layer, 'right')

    this.frame.hand.append(this.brush.root, this.over.root)
    options.append(this.opacity.root, this.bands.root, ...this.ownBands.map((choice) => choice.root))
    this.bands.fill([...this.composites.map(({ name }) => ({ value: name, text: name })), { value: OWN, text: 'Own bands' }])
    this.bands.value = this.composites.find(({ bands }) => same(bands, this.rgb))?.name ?? OWN
    this.bands.root.hidden = this.visit.bands.length < 2
    const others = this.props.visits.filter((visit) => visit.id !== this.visit.id)
    this.compare.fill([{ value: '', text: 'one date' }, ...others.map((visit) => ({ value: visit.id, text: title(visit) }))])
    if (mode === 'review' && others.length > 0) options.append(this.compare.root)
    this.brush.value = Math.min(12, Math.max(1, Math.round(Math.max(...this.props.shape) / 100)))
    this.over.offer(this.rows)
    this.showOwnBands()
  }

  private async open(): Promise<void> {
    try {
      this.frame.progress('opening the scene', null)
      const state = this.props.mode === 'review' ? await askJson<State>(`${this.url(this.visit)}/state`) : null
      if (state) this.revisions.reset(state.revision)
      this.ready = true
      this.showImages()
      this.showMasks()
      this.showRight()
      this.look()
      this.refit()
      this.locate()
      if (state) this.session.start(state)
      this.drawPending()
      this.map.once('rendercomplete', () => this.frame.uncover())
    } catch (error) {
      this.frame.failed(sentence(error), () => void this.open())
    }
  }

  private showImages(): void {
    for (const [side, visit] of [[this.left, this.visit], [this.right, this.other]] as const) {
      if (!visit) continue
      const query = tileQuery(this.rgb, visit.bands, this.props.stretch)
      showImage(side.image, this.grid, `${this.url(visit)}/tiles`, query, this.isMagnified)
    }
  }

  private showMasks(): void {
    if (!this.ready) return
    if (this.props.mode === 'change') return this.showChange()
    const hidden = this.rows.filter(({ value }) => this.frame.chips.hidden.has(value)).map(({ color }) => color)
    const revision = (z: number, x: number, y: number) => this.revisions.of(z, x, y)
    showMask(this.left.mask, this.grid, (z, x, y) => `${this.url(this.visit)}/mask/${z}/${x}/${y}.png?rev=${revision(z, x, y)}`, hidden)
    const other = this.other
    if (other) showMask(this.right.mask, this.grid, (z, x, y) => `${this.url(other)}/mask/${z}/${x}/${y}.png?rev=${other.revision}`, hidden)
  }

  private showChange(): void {
    const { base, change } = this.props
    if (!change) return
    const address = (z: number, x: number, y: number) => `${base}/change/${change.a}/${change.b}/${z}/${x}/${y}.png?label=${change.label}`
    for (const side of [this.left, this.right]) showMask(side.mask, this.grid, address, [])
  }

  private showRight(): void {
    const other = this.other
    this.right.image.setVisible(other !== undefined)
    this.right.mask.setVisible(other !== undefined && this.maskShown)
    if (other) {
      this.showImages()
      this.showMasks()
    }
    this.swipe.show(other ? title(this.visit) : '', other ? title(other) : '')
  }

  private look(): void {
    const part = this.opacity.value / 100
    for (const layer of [this.left.mask, this.right.mask, this.sketch.shapes]) layer.setOpacity(part)
    this.left.mask.setVisible(this.maskShown)
    this.sketch.shapes.setVisible(this.maskShown)
    this.right.mask.setVisible(this.maskShown && this.other !== undefined)
    this.toolbar.relabel('mask', this.maskShown ? 'eye' : 'eyeOff', this.maskShown ? 'Hide the mask' : 'Show the mask')
  }

  private get isMagnified(): boolean {
    return (this.map.getView().getResolution() ?? 1) < 1
  }

  private sharpen(): void {
    for (const { image } of [this.left, this.right]) {
      const source = image.getSource()
      if (source) source.crisp = this.isMagnified
    }
  }

  private fit(): boolean {
    this.map.updateSize()
    this.map.getView().fit(extentOf(this.props.shape), { padding: [12, 12, 12, 12] })
    this.fitted = this.viewed
    return true
  }

  /** The whole scene stays in the window while nobody has moved the map. */
  private refit(): void {
    if (this.fitted === '' || this.fitted === this.viewed) this.fit()
  }

  private get viewed(): string {
    const view = this.map.getView()
    return `${view.getCenter()} ${view.getResolution()}`
  }

  // Bands

  private bandChoice(name: string, at: number): Choice {
    const choice = new Choice(name, this.visit.bands.map((band, value) => ({ value: String(value), text: band })), (value) => {
      this.rgb = this.rgb.map((band, place) => (place === at ? Number(value) : band)) as unknown as Rgb
      this.showImages()
    })
    choice.value = String(this.rgb[at])
    return choice
  }

  private chooseBands(name: string): void {
    const chosen = this.composites.find((composite) => composite.name === name)
    if (chosen) this.rgb = chosen.bands
    this.showOwnBands()
    this.showImages()
  }

  private showOwnBands(): void {
    this.ownBands.forEach((choice, at) => {
      choice.root.hidden = this.bands.value !== OWN
      choice.value = String(this.rgb[at])
    })
  }

  // What the session asks of a scene

  carry(edit: Edit, revision: number): { init: RequestInit } {
    const shape = JSON.parse(edit.payload) as Shape
    return { init: post({ base_revision: revision, uuid: edit.uuid, author: this.session.place.author, ...shape }) }
  }

  async reload(): Promise<State> {
    const state = await askJson<State>(`${this.url(this.visit)}/state`)
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

  /** Ask for the tiles that changed; the sketch goes once they are drawn. */
  private rekey(): void {
    this.left.mask.getSource()?.rekey(`mask-${++this.keyed}`)
    this.map.once('postrender', () => this.map.once('rendercomplete', () => this.settle()))
  }

  private settle(): void {
    const pending = new Set(this.session.queue.pending.map((edit) => edit.uuid))
    this.sketch.settle(this.sketch.kept.filter((uuid) => !pending.has(uuid)))
  }

  private drawPending(): void {
    for (const edit of this.session.queue.pending) {
      if (edit.kind !== 'stroke') continue
      const shape = JSON.parse(edit.payload) as Shape
      this.sketch.restore(edit.uuid, shape, this.colorOf(shape.label))
    }
  }

  // What the hand does

  hover(at: Pixel | null, screenX: number): void {
    const inside = at && isInside(at, this.props.shape) ? at : null
    this.pointed = inside
    this.pointedRight = this.swipe.isRight(screenX)
    this.drawing.pointTo(at, this.inHand.color)
    this.point()
    this.measured = ''
    if (inside) this.readValues(inside, this.visitsUnderPointer())
    this.locate()
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
    if (this.ready && this.canPaint()) this.drawing.corner(at, 4 * (this.map.getView().getResolution() ?? 1))
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
      case 'close': return this.closePolygon()
      case 'drop': return this.dropCorner()
      case 'label': return this.frame.chips.choose(label), this.editable
      case 'undo': case 'redo': return this.editable && (this.session.step(action), true)
      case 'smaller': return this.resizeBrush(1 / 1.2)
      case 'larger': return this.resizeBrush(1.2)
      case 'fainter': return this.opacity.move(this.opacity.value - 10), true
      case 'stronger': return this.opacity.move(this.opacity.value + 10), true
      case 'mask': return (this.maskShown = !this.maskShown), this.look(), true
      case 'fit': return this.fit()
      case 'help': return this.frame.toggleHelp()
      default: return false
    } // prettier-ignore
  }

  private resizeBrush(factor: number): boolean {
    const next = this.brush.value * factor
    this.brush.move(factor > 1 ? Math.max(next, this.brush.value + 0.5) : Math.min(next, this.brush.value - 0.5))
    return true
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
    const smallest = 2 * (this.map.getView().getResolution() ?? 1)
    this.sketch.point(at, Math.max(this.brush.value, smallest), this.inHand.color)
  }

  // Status

  private visitsUnderPointer(): Visit[] {
    const other = this.other
    if (this.props.mode === 'change' && other) return [this.visit, other]
    return [this.pointedRight && other ? other : this.visit]
  }

  private async fetchValues(at: Pixel, visits: Visit[]): Promise<void> {
    const place = `row=${Math.floor(at[1])}&column=${Math.floor(at[0])}`
    const found = await Promise.all(visits.map((visit) => askJson<Values>(`${this.url(visit)}/values?${place}`))).catch(() => null)
    if (!found || this.pointed !== at) return
    this.measured = found.length > 1 ? found.map(({ name }) => name || 'no label').join(' → ') : valuesText(found[0]!)
    this.locate()
  }

  private locate(): void {
    const at = this.pointed
    if (!at) return this.frame.locate(`${this.props.crs ?? 'no CRS'} · ${this.props.shape.join(' × ')} pixels`)
    const native = toNative(this.props.transform, at)
    const lonLat = this.toLonLat(native)
    const degrees = /longlat/.test(this.props.proj4 ?? '')
    const parts = [
      lonLat && lonLatText(lonLat),
      (!lonLat || !degrees) && nativeText(native, degrees),
      `row ${Math.floor(at[1])} column ${Math.floor(at[0])}`,
      this.measured,
    ]
    this.frame.locate(parts.filter(Boolean).join(' · '))
  }
}

/** `B2 412  B3 633 · Tree cover` */
function valuesText({ values, name }: Values): string {
  const bands = Object.entries(values).map(([band, value]) => `${band} ${value === null ? '–' : Number(value.toPrecision(5))}`)
  return [bands.join('  '), name].filter(Boolean).join(' · ')
}

function title({ name, when }: Visit): string {
  return when && !name.includes(when) ? `${name} · ${when}` : name
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
