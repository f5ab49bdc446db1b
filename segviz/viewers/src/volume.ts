/** Review of a volume: three linked planes, a mask that is edited, numbers that follow. */
import { askJson, download, layerUrl, sentence, type Label, type LabelRow, type State } from './api'
import { amount } from './chips'
import { component, type Emit, type Viewer } from './component'
import { eachFrame, h } from './dom'
import { Frame } from './frame'
import {
  ACROSS, AXIAL, clampVoxel, flatIndex, middleOfLabel, position, toMm, toScreen, voxelMl, type PlaneView, type Vec3,
} from './geometry' // prettier-ignore
import { KEYS, listen as listenToKeys, type Action } from './keys'
import type { Source } from './options'
import { caseOf, Memory } from './place'
import type { Edit } from './queue'
import { apply, decode, encode, fromBase64, toBase64, type Run } from './runs'
import { Session, type Proposal, type World } from './session'
import { Toolbox, toolbarOf, type Owner } from './toolbox'
import { Choice, iconButton, Slider, type Tool } from './toolbar'
import { isTool, toolOf, type ToolName, type ToolRow } from './tools'
import { Overlay, type Caliper } from './volume/overlay'
import { Painter, type Painted } from './volume/painter'
import type { Picture } from './volume/picture'
import { listen as listenToPointer, type Drag, type Hand } from './volume/pointer'
import { Shape } from './volume/shape'
import { gradient, uncertainSlice, uncertainty } from './volume/shares'
import { inWindow, proposed, usual, type Layer } from './volume/slices'
import { SteadyPicture } from './volume/steady'
import { Threshold } from './volume/threshold'
import { dragged, presets, reading, type Preset, type Window } from './volume/windows'

export interface VolumeProps {
  base: string
  visit: string
  /** Whose mask is edited; the visit's first where it is left out. */
  layer?: string
  name: string
  notice: string
  legend: Label[]
  window: Window | null
  modality: 'CT' | 'MR' | ''
  revision: number
  author?: string
  /** Other masks that can be copied from. */
  sources?: Source[]
  /** Another mask shown in place of this one, to look at only. */
  compare?: { url: string; legend: Label[]; name?: string; surface?: boolean } | null
  /** Diameters of a lesion. */
  calipers?: Caliper[]
  /** Where the page wants the crosshair, each time with another number. */
  go?: { at: Vec3; turn: number } | null
}

/** A stroke or shape as the queue keeps it. */
interface Stroke {
  /** In base64. */
  runs: string
  locked: readonly number[]
}

const BRUSH_MM = { min: 0.5, max: 50, step: 0.5, value: 3, logarithmic: true, format: (mm: number) => `${mm.toFixed(1)} mm` }
const PERCENT = { min: 0, max: 100, step: 5, value: 45, format: (part: number) => `${part} %` }
const CURSORS: Record<ToolRow['use'], string> = {
  look: 'crosshair', whole: 'crosshair', stroke: 'none', corners: 'crosshair', loop: 'crosshair', click: 'pointer',
} // prettier-ignore
const ERASED = '#ffffff'
/** A click so near to the first corner, in pixels, closes a polygon. */
const NEAR = 8
const KEPT = 'Nothing was changed: the locks and limits above the picture leave these voxels as they are.'
const COMPARING = 'A comparison is shown; go back to the mask to edit it.'

class VolumeViewer implements Viewer<VolumeProps>, Hand, World, Owner {
  readonly root: HTMLElement
  readonly session: Session
  readonly brush = new Slider('Brush', BRUSH_MM, () => this.point())
  readonly extras: readonly HTMLElement[]
  private readonly images: string
  private readonly frame: Frame
  private readonly toolbox: Toolbox
  private readonly toolbar = toolbarOf('volume', true, LOOK, (action) => void this.act(action))
  private readonly picture: Picture
  private readonly overlay: Overlay
  private readonly painter: Painter
  private readonly shape = new Shape()
  private readonly memory: Memory
  private readonly opacity = new Slider('Mask', PERCENT, () => this.look())
  private readonly windows = new Choice('Window', [], (name) => this.choosePreset(name))
  private readonly threshold: Threshold
  private readonly scale = uncertaintyScale()
  private readonly stopKeys: () => void
  private readonly opening = new AbortController()
  private presets: Preset[] = []
  private ball = false
  private outline = false
  private maskShown = true
  private unsure = false
  private ready = false
  private pointed: { view: PlaneView; voxel: Vec3; exact: Vec3 } | null = null
  /** What the stroke in the hand is made with. */
  private drawing: ToolName = 'brush'
  private layers: { uncertain?: Layer; range?: Layer; proposal?: Layer } = {}
  /** What the picture shows already. */
  private drawn: { shares: Uint8Array | null; range: string; labels: string } = { shares: null, range: 'null', labels: '' }
  /** The server's mask, while edits are pending on top of it. */
  private underneath: Uint8Array | null = null
  private comparing: VolumeProps['compare'] = null
  /** The last wish of the page that was followed. */
  private turn: number

  constructor(
    private props: VolumeProps,
    emit: Emit,
  ) {
    this.images = layerUrl(props.base, props.visit)
    this.turn = props.go?.turn ?? 0
    const changed = () => this.toolbox.changed()
    this.frame = new Frame('volume', this.toolbar, { onChoose: changed, onHide: () => this.look(), onLock: changed })
    this.extras = [iconButton('ball', 'Ball through all slices (R)', () => this.turnBall())]
    this.toolbox = new Toolbox('volume', this.frame, this.toolbar, this)
    this.threshold = new Threshold(this.benchOfThreshold(), () => this.look())
    this.frame.options.append(this.threshold.root, this.opacity.root, this.windows.root)
    this.frame.stage.append(this.scale)
    this.root = this.frame.root
    this.memory = new Memory({ case: caseOf(props.base), visit: props.visit, layer: props.layer }, () => this.root.isConnected)
    this.picture = new SteadyPicture(this.frame.stage)
    this.overlay = new Overlay(this.picture)
    this.painter = new Painter(this.picture)
    this.picture.onDraw = eachFrame(() => this.overlay.draw())
    this.picture.canvas.after(this.overlay.canvas)
    const place = { url: this.url, author: props.author ?? '' }
    this.session = new Session(place, props.legend, this, this.frame, this.toolbar, emit)
    this.stopKeys = listenToKeys(this.root, 'volume', (action, label) => this.act(action, label))
    listenToPointer(this.overlay.canvas, this.picture, this)
    this.toolbox.take('navigate')
    void this.open()
  }

  update(props: VolumeProps): void {
    this.props = props
    this.session.sign(props.author ?? '')
    this.frame.notice(this.noticed)
    void this.session.follow(props.revision, props.legend).then(() => {
      this.explain()
      this.look()
    })
    if (!this.ready) return
    void this.compare()
    this.measure()
    this.go()
  }

  private measure(): void {
    this.overlay.calipers = this.props.calipers ?? []
    this.picture.onDraw()
  }

  private go(): void {
    const { go } = this.props
    if (!go || go.turn === this.turn) return
    this.turn = go.turn
    this.navigate(go.at)
  }

  private get noticed(): string {
    const { compare, notice } = this.props
    return compare ? `Comparison${compare.name ? `: ${compare.name}` : ''}` : notice
  }

  resume(): void {
    this.picture.resize()
    if (this.ready) this.picture.draw()
    const { at } = this.memory.asked()
    if (this.ready && at?.length === 3) this.navigate(at as Vec3)
    this.memory.again()
  }

  destroy(): void {
    this.opening.abort()
    this.stopKeys()
    this.session.destroy()
    this.picture.destroy()
  }

  private get url(): string {
    return layerUrl(this.props.base, this.props.visit, this.props.layer)
  }

  private get labels(): readonly Label[] {
    return this.comparing?.legend ?? this.session.labels
  }

  // Opening

  private async open(): Promise<void> {
    try {
      this.frame.progress('opening the scan', null)
      const [scan, loaded] = await Promise.all([this.loadScan(), this.loadMask()])
      this.frame.progress('drawing', null)
      await this.picture.open(scan, (values) => this.fillPresets(values))
      this.replaceMask(loaded.mask)
      this.ready = true
      await this.session.start(loaded.state)
      this.goWhereItWas()
      this.measure()
      this.look()
      this.locate()
      this.frame.uncover()
      await this.compare()
    } catch (error) {
      if (!this.opening.signal.aborted) this.frame.failed(sentence(error), () => void this.open())
    }
  }

  private async loadScan(): Promise<ArrayBuffer> {
    const report = (bytes: number, all: number | null) =>
      this.frame.progress(`opening ${(bytes / 1e6).toFixed(1)} MB`, all && bytes / all)
    return (await download(`${this.images}/volume.nii`, report, this.opening.signal)).bytes.buffer
  }

  /** Mask and state of one revision, not before `least`; somebody else may be painting while we ask. */
  private async loadMask(least = 0): Promise<{ mask: Uint8Array; state: State }> {
    for (let attempt = 0; ; attempt++) {
      const { bytes, headers } = await download(`${this.url}/mask`, () => undefined)
      const state = await askJson<State>(`${this.url}/state`)
      const revision = Number(headers.get('x-revision'))
      if (revision < least) continue
      if (revision === state.revision || attempt >= 4) return { mask: bytes, state: { ...state, revision } }
    }
  }

  private replaceMask(mask: Uint8Array, pending = true): void {
    if (mask.length !== this.picture.mask.length) {
      throw new Error('The mask does not fit the scan; open the case again from Cases.')
    }
    this.threshold.forget()
    this.painter.under(() => {
      this.picture.mask.set(mask)
      if (pending) this.applyPending()
    })
    this.picture.refreshMask()
  }

  drawPending(): void {
    this.painter.under(() => this.applyPending())
    this.picture.refreshMask()
  }

  private applyPending(): void {
    for (const edit of this.session.queue.pending) apply(runsOf(edit), this.picture.mask)
  }

  /** As the link or this tab's memory says, else at the first label that is there. */
  private goWhereItWas(): void {
    const { at, zoom, label, tool } = this.memory.recall()
    if (label !== undefined) this.frame.chips.pick(label)
    this.navigate(at?.length === 3 ? (at as Vec3) : this.whereToLook())
    if (zoom !== undefined) this.picture.zoomAt(this.picture.crosshair, zoom)
    if (tool && isTool(tool) && toolOf('volume', tool).use !== 'whole') this.toolbox.take(tool)
  }

  private whereToLook(): Vec3 {
    const { mask, shape } = this.picture
    const present = this.session.state?.labels.find((row) => row.count > 0)
    return (present && middleOfLabel(mask, shape, present.value)) ?? middleOf(shape)
  }

  // What the session asks of a volume

  carry(edit: Edit, revision: number): { query: Record<string, string>; init: RequestInit } {
    const { runs, locked } = JSON.parse(edit.payload) as Stroke
    const { author } = this.session.place
    const query = { base_revision: String(revision), uuid: edit.uuid, tool: edit.tool, author, locked: locked.join() }
    const headers = { 'Content-Type': 'application/octet-stream' }
    return { query, init: { method: 'POST', headers, body: fromBase64(runs) } }
  }

  async reload(pending = true): Promise<State> {
    const { mask, state } = await this.loadMask(this.session.state?.revision)
    this.underneath = this.session.queue.pending.length > 0 ? mask : null
    if (!this.comparing) this.replaceMask(mask, pending)
    return state
  }

  acknowledged(_edit: Edit, state: State): boolean {
    this.underneath = null
    if (!state.runs || this.comparing) return true
    const runs = decode(fromBase64(state.runs))
    this.painter.under(() => {
      this.threshold.acknowledged((mask) => apply(runs, mask))
      this.applyPending()
    })
    this.refresh(runs)
    return true
  }

  /** Show the slices that runs lie in. */
  private refresh(runs: readonly Run[]): void {
    const slice = this.picture.shape[0] * this.picture.shape[1]
    const [first, last] = [runs[0], runs.at(-1)]
    if (first && last) this.picture.refreshMask(Math.floor(first.start / slice), Math.floor((last.start + last.length - 1) / slice))
  }

  union(edit: Edit): Edit | null {
    const runs = whereFree(runsOf(edit), this.underneath ?? this.picture.mask)
    if (runs.length === 0) return null
    const stroke = JSON.parse(edit.payload) as Stroke
    return { ...edit, payload: JSON.stringify({ ...stroke, runs: toBase64(encode(runs)) }) }
  }

  counted(rows: LabelRow[]): LabelRow[] {
    const { counts } = this.painter
    const ml = voxelMl(this.picture.affine)
    return rows.map((row) => ({ ...row, count: counts[row.value]!, amount: counts[row.value]! * ml }))
  }

  adopted(state: State): void {
    const row = state.labels.find((row) => row.value === state.probability?.label)
    this.threshold.follow(state.probability, row ? amount(row) : '')
    const labels = JSON.stringify(this.labels.map(({ value, name, color }) => [value, name, color]))
    if (labels !== this.drawn.labels) this.look()
    this.drawn.labels = labels
  }

  private benchOfThreshold(): ConstructorParameters<typeof Threshold>[0] {
    const pending = () => this.session.queue.pending
    return {
      url: this.url,
      mask: () => this.picture.mask,
      revision: () => this.session.queue.revision,
      unsent: () => pending().flatMap(runsOf),
      sending: () => pending().some((edit) => edit.kind === 'threshold'),
      send: (threshold) => this.session.moveThreshold(threshold),
      seen: (count) => this.seen(count),
      tell: (message) => this.frame.tell(message),
    }
  }

  /** Another threshold is on the screen: its mask, and how much of the label it marks. */
  private seen(count: number | null): void {
    this.painter.recount()
    const { state } = this.session
    if (!state?.probability) return
    const { label } = state.probability
    const rows = state.labels.map((row) =>
      count === null || row.value !== label ? row : { ...row, count, amount: count * voxelMl(this.picture.affine) },
    )
    const row = rows.find((row) => row.value === label)
    if (row) this.threshold.show(amount(row))
    this.frame.chips.show(this.session.labels, rows)
    this.picture.refreshMask()
  }

  // Another mask in place of this one

  private async compare(): Promise<void> {
    const { compare } = this.props
    if (compare?.url === this.comparing?.url) return
    this.comparing = compare
    this.frame.notice(this.noticed)
    this.toolbox.take('navigate')
    try {
      if (!compare) return void (await this.session.refresh())
      const { bytes } = await download(compare.url, () => undefined)
      if (this.comparing !== compare) return
      this.replaceMask(bytes, false)
      this.explain()
      this.look()
      this.locate()
    } catch (error) {
      this.frame.tell(sentence(error))
    }
  }

  /** The legend of a comparison; the voxels of a surface are no volume that anybody asked for. */
  private explain(): void {
    if (!this.comparing) return
    const { legend, surface } = this.comparing
    const rows = surface ? [] : legend.map((label) => ({ ...label, count: 0, amount: 0, unit: 'ml' }))
    this.frame.chips.show(legend, this.counted(rows))
  }

  // What the hand does

  dragOf(event: PointerEvent): Drag {
    if (event.button === 2) return 'window'
    if (event.button === 1 || event.shiftKey) return 'pan'
    if (this.toolbox.tool === 'window') return 'window'
    const { use } = this.toolbox
    const draws = use !== 'look' && use !== 'whole' && this.ready && !this.comparing && !this.frame.choosing
    return draws ? 'draw' : 'navigate'
  }

  hover(view: PlaneView | null, voxel: Vec3 | null): void {
    this.pointed = view && voxel && { view, exact: voxel, voxel: clampVoxel(voxel.map(Math.round) as Vec3, this.picture.shape) }
    this.point()
    this.locate()
  }

  navigate(voxel: Vec3): void {
    this.picture.crosshair = clampVoxel(voxel.map(Math.round) as Vec3, this.picture.shape)
    this.locate()
    this.remember()
  }

  window(dx: number, dy: number): void {
    const all = this.presets.find((preset) => preset.name === 'Full range')?.window ?? [0, 1]
    this.picture.window = dragged(this.picture.window, dx, dy, (all[1] - all[0]) / 600)
    this.windows.value = 'Own'
  }

  drawBegin(view: PlaneView, voxel: Vec3, ctrl: boolean): void {
    const { use, where } = this.toolbox
    const tool = (this.drawing = this.toolbox.turned(ctrl))
    if (!this.toolbox.ready(tool)) return
    if (use === 'click') return this.click(view, voxel)
    if (use === 'corners') return this.corner(view, voxel, ctrl)
    if (use === 'loop') return this.shape.begin(view.plane, voxel, ctrl)
    const brush = { plane: view.plane, radiusMm: this.brush.value, ball: this.ball }
    this.painter.begin(this.toolbox.label(tool), where, brush, voxel)
  }

  drawTo(view: PlaneView, voxel: Vec3): void {
    if (this.painter.painting) this.painter.extend(voxel)
    else if (this.toolbox.use === 'loop' && this.isApart(view, voxel, this.shape.corners.at(-1), 2)) this.shape.add(voxel)
  }

  drawEnd(): void {
    if (this.painter.painting) this.finish(this.drawing, this.painter.end())
    else if (this.toolbox.use === 'loop') this.closeShape()
  }

  drawCancel(): void {
    this.painter.cancel()
    this.shape.cancel()
    this.point()
  }

  scroll(view: PlaneView, steps: number): void {
    const voxel = this.picture.crosshair
    voxel[ACROSS[view.plane]] += steps
    this.navigate(voxel)
    if (this.pointed) this.pointed.voxel[ACROSS[view.plane]] = this.picture.crosshair[ACROSS[view.plane]]
    this.locate()
  }

  resize(larger: boolean): boolean {
    if (this.toolbox.use !== 'stroke') return false
    this.brush.resize(larger)
    return true
  }

  doubleClick(view: PlaneView): void {
    if (this.toolbox.use === 'corners') this.closeShape()
    else if (this.toolbox.tool === 'navigate') this.picture.show(this.picture.single === null ? view.plane : null)
  }

  private click(view: PlaneView, voxel: Vec3): void {
    const at = clampVoxel(voxel.map(Math.round) as Vec3, this.picture.shape)
    if (this.toolbox.tool !== 'pick') return this.toolbox.apply({ at }, ACROSS[view.plane])
    const label = this.picture.mask[flatIndex(at, this.picture.shape)]!
    if (!this.frame.chips.pick(label)) this.frame.tell('There is no label here.')
  }

  private corner(view: PlaneView, voxel: Vec3, cut: boolean): void {
    const { shape } = this
    if (!shape.open) shape.begin(view.plane, voxel, cut)
    else if (shape.plane !== view.plane) return this.frame.tell('The polygon lies in another plane; Esc gives it up.')
    else if (shape.corners.length > 2 && !this.isApart(view, voxel, shape.corners[0], NEAR)) return void this.closeShape()
    else if (this.isApart(view, voxel, shape.corners.at(-1), 4)) shape.add(voxel)
    this.point()
  }

  private isApart(view: PlaneView, voxel: Vec3, other: Vec3 | undefined, pixels: number): boolean {
    if (!other) return true
    const [[x0, y0], [x1, y1]] = [toScreen(view, voxel), toScreen(view, other)]
    return Math.hypot(x1 - x0, y1 - y0) >= pixels
  }

  private closeShape(): boolean {
    if (!this.shape.open) return false
    const { tool, where } = this.toolbox
    const closed = this.shape.close()
    this.point()
    if (!closed) return true
    const { plane, corners, cut } = closed
    const across = ACROSS[plane]
    const slices = slicesAround(corners[0]![across], Number(this.toolbox.local('through')), this.picture.shape[across])
    if (tool === 'relabel-inside') this.toolbox.apply({ points: corners, plane: across, slices })
    else this.finish(tool, this.painter.polygon(cut ? 0 : this.toolbox.label(), where, plane, corners, slices))
    return true
  }

  private finish(tool: ToolName, { runs, changed, kept }: Painted): void {
    const stroke: Stroke = { runs: toBase64(runs), locked: this.toolbox.where.locked }
    if (changed > 0) this.session.stroke(tool, JSON.stringify(stroke))
    else if (kept > 0) this.frame.tell(KEPT)
    this.locate()
  }

  // Tools and options

  private act(action: Action, label = 0): boolean {
    if (this.comparing && changesMask(action)) return this.frame.tell(COMPARING), true
    switch (action) {
      case 'enter': return this.closeShape() || this.toolbox.act(action, label)
      case 'drop': return this.dropCorner()
      case 'cancel': return this.cancelShape() || this.toolbox.act(action, label)
      case 'ball': return this.turnBall()
      case 'fainter': return this.opacity.move(this.opacity.value - 10), true
      case 'stronger': return this.opacity.move(this.opacity.value + 10), true
      case 'mask': return (this.maskShown = !this.maskShown), this.look(), true
      case 'outline': return (this.outline = !this.outline), this.look(), true
      case 'uncertainty': return (this.unsure = !this.unsure), this.look(), this.locate(), true
      case 'side': return (this.picture.radiological = !this.picture.radiological), this.look(), true
      case 'fit': return this.picture.fit(), true
      case 'next': return this.page(1)
      case 'previous': return this.page(-1)
      default: return this.toolbox.act(action, label)
    } // prettier-ignore
  }

  private page(steps: number): boolean {
    const view = this.pointed?.view ?? this.picture.views.find((view) => view.plane === AXIAL) ?? this.picture.views[0]
    if (view) this.scroll(view, steps)
    return true
  }

  private dropCorner(): boolean {
    if (!this.shape.open) return false
    this.shape.drop()
    this.point()
    return true
  }

  private cancelShape(): boolean {
    if (!this.shape.open) return false
    this.shape.cancel()
    this.point()
    return true
  }

  private turnBall(): boolean {
    this.ball = !this.ball
    this.extras[0]!.setAttribute('aria-pressed', String(this.ball))
    return true
  }

  taken(row: ToolRow): void {
    if (row.name !== this.drawing) this.shape.cancel()
    this.overlay.quiet = row.use !== 'look'
    this.overlay.canvas.style.cursor = row.name === 'window' ? 'ns-resize' : CURSORS[row.use]
    if (!this.ready) return
    this.point()
    this.lookAtRange()
    this.remember()
  }

  propose(proposal: Proposal | null): void {
    const runs = proposal ? decode(fromBase64(proposal.runs)) : []
    this.layers.proposal = runs.length > 0 ? proposed(runs, this.picture.shape, (label) => this.colorOf(label)) : undefined
    this.lay()
  }

  /** Those of the label, or else the brighter half of what is shown. */
  values(): readonly [number, number] {
    if (!this.ready) return [0, 1]
    const { mask, scan, window: [low, high] } = this.picture // prettier-ignore
    return usual(scan, mask, this.toolbox.label()) ?? [(low + high) / 2, high]
  }

  private colorOf(label: number): string {
    return label === 0 ? ERASED : this.frame.chips.colorOf(label)
  }

  /** The ring of the brush at the voxel it would paint; the outline that is being drawn. */
  private point(): void {
    const { pointed, overlay, toolbox, shape } = this
    const color = this.colorOf(toolbox.label())
    overlay.cursor = pointed && toolbox.use === 'stroke' ? { ...pointed, radiusMm: this.brush.value, color } : null
    const corners = pointed && shape.plane === pointed.view.plane ? [...shape.corners, pointed.exact] : shape.corners
    overlay.outline =
      shape.plane === null
        ? null
        : { plane: shape.plane, corners, color: shape.cut ? ERASED : color, marked: toolbox.use === 'corners' }
    if (this.ready) this.picture.onDraw()
  }

  private look(): void {
    if (!this.ready) return
    this.toolbox.offer(this.labels, this.props.sources ?? [])
    this.picture.paintWith(this.labels, this.frame.chips.hidden)
    this.picture.maskLook(this.maskShown ? this.opacity.value / 100 : 0, this.outline)
    this.toolbar.relabel('outline', this.outline ? 'fill' : 'outline', this.outline ? 'Fill the mask' : 'Outline only')
    this.toolbar.relabel('mask', this.maskShown ? 'eye' : 'eyeOff', this.maskShown ? 'Hide the mask' : 'Show the mask')
    this.lookAtUncertainty()
    this.lookAtRange()
    const now = this.picture.radiological ? 'radiological' : 'neurological'
    this.toolbar.relabel('side', 'side', `Sides are ${now}; change`)
  }

  private lookAtUncertainty(): void {
    const { shares } = this.threshold
    const { shape } = this.picture
    const on = this.unsure && shares !== null
    this.toolbar.offer('uncertainty', shares !== null)
    this.toolbar.turn('uncertainty', on)
    this.scale.hidden = !on
    const shown = on ? shares : null
    if (shown === this.drawn.shares) return
    this.drawn.shares = shown
    this.layers.uncertain = shown ? { slice: (plane, index) => uncertainSlice(shown, shape, plane, index) } : undefined
    this.lay()
  }

  /** Where values lie in the range that the tool in the hand keeps to. */
  private lookAtRange(): void {
    const { window } = this.toolbox.limits
    const shown = this.toolbox.use === 'look' ? null : window
    const range = JSON.stringify(shown)
    if (range === this.drawn.range) return
    this.drawn.range = range
    this.layers.range = shown ? inWindow(this.picture.scan, shown) : undefined
    this.lay()
  }

  private lay(): void {
    const { uncertain, range, proposal } = this.layers
    this.overlay.layers = [uncertain, range, proposal].filter((layer) => layer !== undefined)
    this.picture.onDraw()
  }

  private remember(): void {
    if (!this.ready) return
    const { crosshair: at, zoom } = this.picture
    this.memory.keep({ at, zoom, label: this.frame.chips.active, tool: this.toolbox.tool })
  }

  /** The model's probability at a voxel, and how unsure that is while it is shown. */
  private sureness(index: number): string {
    const byte = this.threshold.shares?.[index]
    if (byte === undefined) return ''
    const probability = `probability ${(byte / 255).toFixed(2)}`
    return this.unsure ? `${probability}, uncertainty ${Math.round(100 * uncertainty(byte))} %` : probability
  }

  /** Where the pointer is, or the crosshair while it is elsewhere. */
  private locate(): void {
    if (!this.ready) return
    const voxel = this.pointed?.voxel ?? this.picture.crosshair
    const index = flatIndex(voxel, this.picture.shape)
    const label = this.picture.mask[index]!
    const parts = [
      position(toMm(voxel, this.picture.affine)),
      `voxel ${voxel.join(',')}`,
      reading(this.picture.valueAt(voxel), this.props.modality),
      this.frame.chips.nameOf(label),
      this.sureness(index),
    ]
    this.frame.locate(parts.filter(Boolean).join(' · '))
  }

  /** Offer the windows that suit these values; answers the first one to show. */
  private fillPresets(values: ArrayLike<number>): Window {
    this.presets = presets(this.props.modality, this.props.window, values)
    const options = this.presets.map(({ name }) => ({ value: name, text: name }))
    this.windows.fill([...options, { value: 'Own', text: 'By hand' }])
    const first = this.presets.find(({ name }) => this.props.window !== null && name === 'Auto') ?? this.presets[0]!
    this.windows.value = first.name
    return first.window
  }

  private choosePreset(name: string): void {
    const preset = this.presets.find((preset) => preset.name === name)
    if (preset) this.picture.window = preset.window
    this.windows.value = name
  }
}

const LOOK: readonly Tool[] = [
  { action: 'mask', icon: 'eye', title: 'Hide the mask' },
  { action: 'outline', icon: 'outline', title: 'Outline only' },
  { action: 'uncertainty', icon: 'uncertainty', title: 'How unsure the model was' },
  { action: 'fit', icon: 'fit', title: 'Fit into the window' },
  { action: 'side', icon: 'side', title: 'Radiological or neurological' },
]

function uncertaintyScale(): HTMLElement {
  const why = '100 % where the model gave a probability of one half, 0 % where it was sure: 1 − |2p − 1|. Being sure is not being right.'
  return h(
    'div',
    { class: 'sv-unsure', hidden: true, title: why },
    h('b', {}, 'Uncertainty'),
    h('i', { style: `background:${gradient()}` }),
    ...['0', '50', '100 %'].map((tick) => h('span', {}, tick)),
  )
}

/** What a pending edit draws: strokes are shown before they are saved. */
function runsOf(edit: Edit): Run[] {
  return edit.kind === 'stroke' ? decode(fromBase64((JSON.parse(edit.payload) as Stroke).runs)) : []
}

/** What of the runs marks cells that have no label. */
function whereFree(runs: readonly Run[], mask: Uint8Array): Run[] {
  const free: Run[] = []
  for (const { start, length, label } of runs) {
    for (let cell = start; label !== 0 && cell < start + length; cell++) {
      if (mask[cell] !== 0) continue
      const last = free.at(-1)
      if (last && last.label === label && last.start + last.length === cell) last.length++
      else free.push({ start: cell, length: 1, label })
    }
  }
  return free
}

function changesMask(action: Action): boolean {
  if (isTool(action)) return toolOf('volume', action).use !== 'look'
  return KEYS.some((key) => key.action === action && key.edits)
}

/** First and last of so many slices with one in their middle. */
function slicesAround(middle: number, count: number, size: number): [first: number, last: number] {
  const more = Math.floor(count / 2)
  return [Math.max(middle - more, 0), Math.min(middle + more, size - 1)]
}

function middleOf(shape: Vec3): Vec3 {
  return shape.map((size) => Math.floor(size / 2)) as Vec3
}

export default component(
  (props: VolumeProps) => `${props.base}/${props.visit}/${props.layer ?? ''}`,
  (props, emit) => new VolumeViewer(props, emit),
  2,
)
