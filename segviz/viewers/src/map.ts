/** Review of a scene and of its change: one map on the scene's own pixels, labels that are painted. */
import type Map from 'ol/Map'
import { askJson, layerUrl, post, sentence, type Label, type State } from './api'
import { component, type Emit, type Viewer } from './component'
import { h } from './dom'
import { Frame } from './frame'
import { KEYS, listen as listenToKeys, type Action } from './keys'
import { Areas } from './map/areas'
import { channels } from './map/bands'
import { Drawing, type Pen } from './map/drawing'
import { addNorthArrow, addScaleBar, addZoomButtons } from './map/furniture'
import { GeoJson } from './map/geojson'
import { listen as listenToPointer, type Hand } from './map/hand'
import { Layers, maskTile } from './map/layers'
import { Live } from './map/live'
import { Marks } from './map/marks'
import { Fit, openMap } from './map/open'
import { BandPicker } from './map/picker'
import { Place } from './map/chosen'
import { cellsIn, isInside, Revisions, toCoordinate, toPixel, type Box, type Pixel } from './map/pixels'
import { maskUrl, title, type MapProps, type Visit } from './map/props'
import { Readout } from './map/readout'
import { paramsOf, rounded, shapeOf, type Shape, type ShapeTool } from './map/shapes'
import { Sketch } from './map/sketch'
import { Swipe } from './map/swipe'
import { labelAt, wholeMask } from './map/whole'
import { caseOf, Memory } from './place'
import type { Edit } from './queue'
import { decode, fromBase64 } from './runs'
import { Session, type Params, type Proposal, type World } from './session'
import { Choice, Slider, type Tool as Button } from './toolbar'
import { Toolbox, toolbarOf, type Owner } from './toolbox'
import { toolsOf, type ToolName, type ToolRow } from './tools'
import type { Channel } from './where'

const BRUSH = { min: 0.5, max: 500, step: 0.5, value: 12, logarithmic: true, format: (pixels: number) => `${pixels} px` }
const PERCENT = { min: 0, max: 100, step: 5, value: 45, format: (part: number) => `${part} %` }
const ERASED = '#ffffff'

const CURSORS: Record<ToolRow['use'], string> = { look: 'grab', stroke: 'none', corners: 'crosshair', loop: 'crosshair', click: 'crosshair', whole: 'grab' }

const LOOK: readonly Button[] = [
  { action: 'mask', icon: 'eye', title: 'Hide the mask' },
  { action: 'outline', icon: 'outline', title: 'Outline only' },
  { action: 'fit', icon: 'fit', title: 'Fit into the window' },
]

const EDITS: ReadonlySet<Action> = new Set(KEYS.filter(({ edits }) => edits).map(({ action }) => action))

class MapViewer implements Viewer<MapProps>, Hand, World, Owner {
  readonly root: HTMLElement
  readonly session: Session
  readonly brush = new Slider('Brush', BRUSH, () => this.point())
  private readonly frame: Frame
  private readonly toolbox: Toolbox
  private readonly map: Map
  private readonly fit: Fit
  private readonly layers: Layers
  private readonly sketch = new Sketch()
  private readonly live: Live
  private readonly drawing: Drawing
  private readonly marks: Marks
  private readonly areas = new Areas()
  private readonly swipe: Swipe
  private readonly readout: Readout
  private readonly place: Place
  private readonly revisions: Revisions
  private readonly memory: Memory
  private readonly relabel: (action: Action, icon: Button['icon'], title: string) => void
  private readonly geojson = new GeoJson((text) => this.paintGeoJson(text), (message) => this.frame.tell(message))
  private readonly opacity = new Slider('Mask', PERCENT, () => this.look())
  private readonly bands: BandPicker
  private readonly compare = new Choice('Compare', [], () => this.show())
  private readonly stopKeys: () => void
  private maskShown = true
  private outline = false
  private ready = false
  private held: ToolName = 'navigate'
  private pointed: Pixel | null = null
  /** The last wish of the page that was followed. */
  private turn: number

  constructor(
    private props: MapProps,
    private readonly emit: Emit,
  ) {
    this.turn = props.go?.turn ?? 0
    const toolbar = toolbarOf('map', this.editable, LOOK, (action) => void this.act(action))
    const chips = {
      ...(this.editable && { onChoose: () => this.toolbox.changed(), onLock: () => this.toolbox.changed() }),
      ...(props.mode === 'review' && { onHide: () => this.showMasks() }),
    }
    this.frame = new Frame('map', toolbar, chips, this.editable)
    this.root = this.frame.root
    this.relabel = (action, icon, title) => toolbar.relabel(action, icon, title)
    this.memory = new Memory({ case: caseOf(props.base), visit: this.visit.id, layer: props.layer }, () => this.root.isConnected)
    this.bands = new BandPicker(this.visit.bands, props.bands, () => this.showImages())
    this.revisions = new Revisions(this.visit.revision, props.max_zoom)
    this.layers = new Layers(props)
    this.marks = new Marks(this.layers.grid, props.shape)
    const target = h('div', { class: 'sv-fill' })
    this.frame.stage.prepend(target)
    this.map = openMap(target, props, this.layers.grid, [...this.layers.all, this.sketch.layer, this.marks.layer, this.areas.layer])
    this.live = new Live(this.map)
    this.drawing = new Drawing(this.live)
    target.after(this.live.root)
    this.fit = new Fit(this.map, props)
    this.swipe = new Swipe(this.frame.stage, this.map, () => this.look())
    this.place = new Place(this.map)
    this.readout = new Readout(props, (text) => this.frame.locate(text))
    const place = { url: maskUrl(props, this.visit), author: props.author ?? '' }
    this.session = new Session(place, this.legend, this, this.frame, toolbar, emit)
    this.toolbox = new Toolbox('map', this.frame, toolbar, this, props.metres_per_pixel === null ? 'cells' : 'm')
    this.stopKeys = listenToKeys(this.root, 'map', (action, label) => this.act(action, label))
    listenToPointer(this.map, this)
    this.furnish()
    this.offer()
    this.toolbox.take('navigate')
    void this.open()
  }

  update(props: MapProps): void {
    const blurred = this.props.visits.filter(({ sharp }) => !sharp).length
    const shown = this.props.change?.tiles
    this.props = props
    const { compare } = props
    this.frame.notice([compare && `Comparison${compare.name ? `: ${compare.name}` : ''}`, props.notice].filter(Boolean).join(' · '))
    if (props.visits.filter(({ sharp }) => !sharp).length < blurred) this.showImages()
    void this.areas.show(props.areas ?? '').catch((error: unknown) => this.frame.tell(sentence(error)))
    this.go()
    if (props.change) {
      if (props.change.tiles !== shown) this.showMasks()
      this.place.show(props.change.place ?? null)
    }
    if (this.legendOnly) return this.frame.chips.show(this.legend, [])
    this.session.sign(props.author ?? '')
    void this.session.follow(this.visit.revision, this.legend).then(() => this.offerLabels())
  }

  /** Show the place that the page asks for, from near enough to see cells. */
  private go(): void {
    const { go } = this.props
    if (!go || go.turn === this.turn) return
    this.turn = go.turn
    const [row, column] = go.at
    const center = toCoordinate([column + 0.5, row + 0.5])
    this.map.getView().animate({ center, resolution: Math.min(this.resolution, 1), duration: 300 })
  }

  resume(): void {
    this.map.updateSize()
    this.memory.again()
  }

  destroy(): void {
    this.stopKeys()
    this.session.destroy()
    this.map.setTarget(undefined)
    this.map.dispose()
  }

  /** The mask as the server draws it, row by row; for scenes of some millions of cells. */
  labels(): Promise<Uint8Array> {
    return wholeMask(this.props.shape, this.sharpest)
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
    return this.props.mode === 'review' && this.visit.editable && !this.props.compare
  }

  /** Where no mask of one visit is shown: its change, or how two masks differ. */
  private get legendOnly(): boolean {
    return this.props.mode === 'change' || Boolean(this.props.compare)
  }

  private get legend(): readonly Label[] {
    const { change, compare, legend } = this.props
    return change?.legend ?? compare?.legend ?? legend
  }

  private get rows(): readonly Label[] {
    return this.legendOnly ? this.legend : (this.session.state?.labels ?? this.legend)
  }

  private get resolution(): number {
    return this.map.getView().getResolution() ?? 1
  }

  private readonly sharpest = (x: number, y: number) => {
    const z = this.props.max_zoom
    return maskTile(maskUrl(this.props, this.visit), z, x, y, this.revisions.of(z, x, y))
  }

  /** What stands on the map and how the two dates share it. */
  private furnish(): void {
    const { stage } = this.frame
    const { left, right } = this.layers
    addScaleBar(stage, this.map, this.props.metres_per_pixel)
    if (this.props.proj4) addNorthArrow(stage, this.props.transform)
    addZoomButtons(stage, this.map)
    for (const layer of [left.image, left.mask, this.sketch.layer]) this.swipe.clip(layer, 'left')
    for (const layer of [right.image, right.mask]) this.swipe.clip(layer, 'right')
    this.map.getView().on('change:resolution', () => this.layers.magnify(this.resolution))
    this.map.on('moveend', () => this.remember())
  }

  /** What can be chosen above the map and beside its tools. */
  private offer(): void {
    const { hand, options } = this.frame
    const { shape, mode, visits } = this.props
    const others = visits.filter((visit) => visit.id !== this.visit.id)
    options.append(this.opacity.root, ...this.bands.roots)
    if (mode === 'review' && others.length > 0) options.append(this.compare.root)
    this.compare.fill([{ value: '', text: 'one date' }, ...others.map((visit) => ({ value: visit.id, text: title(visit) }))])
    this.toolbox.limits.offerChannels(channels(this.visit.bands).map(({ name, channel }) => ({ text: name, channel })))
    this.brush.value = Math.min(12, Math.max(1, Math.round(Math.max(...shape) / 100)))
    hand.append(this.geojson.root)
  }

  private offerLabels(): void {
    this.toolbox.offer(this.rows, this.props.sources ?? [])
  }

  private async open(): Promise<void> {
    try {
      this.frame.progress('opening the scene', null)
      const state = this.legendOnly ? null : await this.fetchState()
      if (state) this.revisions.reset(state.revision)
      this.ready = true
      if (state) void this.session.start(state)
      this.offerLabels()
      this.drawPending()
      this.show()
      this.fit.now()
      if (this.props.mode === 'review') this.recall()
      this.map.once('rendercomplete', () => this.frame.uncover())
    } catch (error) {
      this.frame.failed(sentence(error), () => void this.open())
    }
  }

  /** Go where the address says, or where this tab was last. */
  private recall(): void {
    const { at, zoom, label, tool } = this.memory.recall()
    const view = this.map.getView()
    if (at?.length === 2) view.setCenter(toCoordinate([at[0]!, at[1]!]))
    if (zoom) view.setZoom(zoom)
    if (!this.editable) return
    if (label) this.frame.chips.pick(label)
    const row = toolsOf('map').find(({ name }) => name === tool)
    if (row && row.use !== 'whole') this.toolbox.take(row.name)
  }

  private remember(): void {
    const view = this.map.getView()
    const center = view.getCenter()
    if (!this.ready || this.props.mode !== 'review' || !center) return
    this.memory.keep({
      at: toPixel(center),
      zoom: view.getZoom()!,
      ...(this.editable && { label: this.frame.chips.active, tool: this.toolbox.tool }),
    })
  }

  private fetchState(): Promise<State> {
    return askJson<State>(`${this.session.place.url}/state`)
  }

  private show(): void {
    const other = this.other
    this.showImages()
    this.showMasks()
    this.swipe.show(other ? title(this.visit) : '', other ? title(other) : '')
    this.look()
  }

  private showImages(): void {
    this.layers.showImages(this.props, this.bands.rgb, this.visit, this.other)
  }

  private showMasks(): void {
    if (!this.ready) return
    const hidden = this.rows.filter(({ value }) => this.frame.chips.hidden.has(value)).map(({ color }) => color)
    const look = { hidden, outline: this.outline }
    if (this.props.mode === 'change') this.layers.showChange(this.props, look)
    else this.layers.showMasks(this.props, this.revisions, this.visit, this.other, look)
  }

  private look(): void {
    const opacity = this.opacity.value / 100
    // An edge alone is drawn as strongly as the rim of a filled label in a volume.
    this.layers.look(this.outline ? Math.min(1, opacity * 0.6 + 0.4) : opacity, this.maskShown, this.other !== undefined)
    this.sketch.layer.setOpacity(opacity)
    this.sketch.layer.setVisible(this.maskShown)
    this.live.look(this.maskShown ? opacity : 0, this.swipe.part)
    this.relabel('outline', this.outline ? 'fill' : 'outline', this.outline ? 'Fill the mask' : 'Outline only')
    this.relabel('mask', this.maskShown ? 'eye' : 'eyeOff', this.maskShown ? 'Hide the mask' : 'Show the mask')
  }

  // What the session asks of a scene

  async reload(pending = true): Promise<State> {
    const state = await this.fetchState()
    this.revisions.reset(state.revision)
    if (pending) this.drawPending()
    else this.sketch.clear()
    this.rekey()
    return state
  }

  acknowledged(edit: Edit, state: State): boolean {
    if (!state.box) return edit.kind === 'tool' && (this.settle(), true)
    this.revisions.changed(state.box, state.revision)
    this.rekey()
    return true
  }

  adopted(): void {
    this.offerLabels()
  }

  view(): Box {
    return cellsIn(this.map.getView().calculateExtent(this.map.getSize()), this.props.shape)
  }

  drawPending(): void {
    for (const edit of this.session.queue.pending) {
      if (edit.kind !== 'tool') continue
      const { params } = JSON.parse(edit.payload) as { params: Params }
      const shape = shapeOf(edit.tool, params)
      if (shape) this.sketch.keep(edit.uuid, shape, this.colorOf(shape.label))
    }
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

  // What the tools ask of a scene

  taken({ name, use }: ToolRow): void {
    if (name !== this.held) this.drawing.cancel()
    this.held = name
    this.map.getViewport()!.style.cursor = CURSORS[use]
    this.geojson.root.hidden = name !== 'polygon' || !this.props.crs
    this.geojson.offer(`${this.session.place.url}/download/polygons.geojson?label=${this.frame.chips.active}`)
    this.point()
    this.remember()
  }

  propose(proposal: Proposal | null): void {
    if (proposal) this.marks.show(decode(fromBase64(proposal.runs)), (label) => this.colorOf(label))
    else this.marks.hide()
  }

  /** The bands that are shown. */
  get channels(): readonly number[] {
    return [...new Set(this.bands.rgb)]
  }

  /** Black and white of a band; what is above the middle of an index. */
  values(channel: Channel): readonly [number, number] {
    return typeof channel === 'number' ? (this.props.stretch[this.visit.bands[channel] ?? ''] ?? [0, 10_000]) : [0, 1]
  }

  // What the hand does

  get use(): ToolRow['use'] {
    return this.toolbox.use
  }

  hover(at: Pixel | null, screenX: number): void {
    this.pointed = at && isInside(at, this.props.shape) ? at : null
    this.drawing.pointTo(at)
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
    const pen = this.pen(turned)
    if (!this.ready || (pen.label !== 0 && !this.toolbox.ready(pen.tool))) return false
    this.drawing.begin(pen, at)
    return true
  }

  strokeTo(at: Pixel): void {
    this.drawing.extend(at, this.resolution)
  }

  strokeEnd(): void {
    this.send(this.drawing.end())
  }

  strokeDrop(): void {
    this.drawing.drop()
  }

  click(at: Pixel, turned: boolean): void {
    if (!this.ready || (this.use !== 'corners' && !isInside(at, this.props.shape))) return
    if (this.props.change) this.choose(at)
    else if (this.toolbox.tool === 'pick') void this.pick(at)
    else if (this.use === 'click') this.toolbox.apply({ at: rounded(at) })
    else if (this.use === 'corners') this.corner(at, turned)
  }

  /** The page tells about the place that was clicked. */
  private choose(at: Pixel): void {
    const [column, row] = [Math.floor(at[0]), Math.floor(at[1])]
    this.place.show([column, row])
    this.emit('place', { row, column })
  }

  doubleClick(): void {
    if (this.use === 'corners') this.closeCorners()
  }

  resize(larger: boolean): void {
    this.brush.resize(larger)
  }

  private corner(at: Pixel, turned: boolean): void {
    const pen = this.pen(turned)
    if (pen.label !== 0 && !this.toolbox.ready()) return
    if (this.drawing.corner(pen, at, 6 * this.resolution)) this.closeCorners()
    else this.drawing.pointTo(at)
  }

  private closeCorners(): boolean {
    if (!this.drawing.hasCorners) return false
    this.send(this.drawing.close())
    return true
  }

  /** Kept on the server's disk first; the page and the outlines follow. */
  private async keepArea(corners: readonly Pixel[]): Promise<void> {
    const url = `${layerUrl(this.props.base, this.visit.id)}/areas`
    try {
      const kept = await askJson<{ name: string; seq: number }>(url, post({ corners, author: this.session.place.author }))
      this.emit('area', kept)
      await this.areas.show(`${url}?of=${kept.seq}`)
      this.frame.tell(`${kept.name} is kept.`)
    } catch (error) {
      this.frame.tell(`The area was not kept: ${sentence(error)}`)
    }
  }

  /** The map shows the shape before what the hand drew of it goes. */
  private send(shape: Shape | null): void {
    if (shape?.tool === 'area') void this.keepArea(shape.points)
    else if (shape) {
      const edit = this.session.tool(shape.tool, paramsOf(shape), this.toolbox.where)
      if (shape.tool !== 'relabel-inside') this.sketch.keep(edit.uuid, shape, this.colorOf(shape.label))
      this.map.renderSync()
    }
    this.live.clear()
  }

  private paintGeoJson(text: string): void {
    if (this.toolbox.ready()) this.session.tool('polygon', { label: this.toolbox.label(), geojson: text }, this.toolbox.where)
  }

  private async pick(at: Pixel): Promise<void> {
    try {
      const label = await labelAt(at, this.sharpest)
      if (label === 0) this.frame.tell('Nothing is marked here.')
      else this.frame.chips.pick(label)
    } catch (error) {
      this.frame.tell(sentence(error))
    }
  }

  /** What draws now; with Ctrl the brush erases, the eraser paints and areas are cut out. */
  private pen(turned: boolean): Pen {
    const tool = this.toolbox.turned(turned) as ShapeTool
    const strokes = this.use === 'stroke'
    const label = tool === 'area' || (turned && !strokes) ? 0 : this.toolbox.label(tool)
    return { tool, label, radius: strokes ? this.brush.value : 0, color: this.colorOf(label) }
  }

  private colorOf(label: number): string {
    return label === 0 ? ERASED : this.frame.chips.colorOf(label)
  }

  // Keys and buttons

  private act(action: Action, label = 0): boolean {
    if (!this.editable && EDITS.has(action)) return false
    switch (action) {
      case 'enter': return this.closeCorners() || this.toolbox.act(action, label)
      case 'cancel': return this.drawing.hasCorners ? (this.drawing.cancel(), true) : this.toolbox.act(action, label)
      case 'drop': return this.dropCorner()
      case 'fainter': return this.opacity.move(this.opacity.value - 10), true
      case 'stronger': return this.opacity.move(this.opacity.value + 10), true
      case 'mask': return (this.maskShown = !this.maskShown), this.look(), true
      case 'outline': return (this.outline = !this.outline), this.showMasks(), this.look(), true
      case 'fit': return this.fit.now(), true
      default: return this.toolbox.act(action, label)
    } // prettier-ignore
  }

  private dropCorner(): boolean {
    if (!this.drawing.hasCorners) return false
    this.drawing.dropCorner()
    this.drawing.pointTo(this.pointed)
    return true
  }

  /** The ring of the brush where it would paint. */
  private point(): void {
    const at = this.use === 'stroke' ? this.pointed : null
    this.live.point(at, Math.max(this.brush.value, 2 * this.resolution), this.colorOf(this.toolbox.label()))
  }
}

export default component(
  ({ base, visit, layer, mode, change, compare }: MapProps) => [base, visit, layer, mode, change?.a, change?.b, compare?.tiles].join('/'),
  (props, emit) => new MapViewer(props, emit),
  2,
)
