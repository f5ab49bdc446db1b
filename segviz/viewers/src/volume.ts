/** Review of a volume: three linked planes, a mask that is painted, numbers that follow. */
import { askJson, download, sentence, type Label, type State } from './api'
import { amount } from './chips'
import { component, type Emit, type Viewer } from './component'
import { eachFrame, h } from './dom'
import { Frame } from './frame'
import { ACROSS, AXIAL, clampVoxel, flatIndex, middleOfLabel, position, toMm, voxelMl, type PlaneView, type Vec3 } from './geometry'
import { listen as listenToKeys, type Action } from './keys'
import { Over } from './over'
import type { Edit } from './queue'
import { apply, decode, encode, fromBase64, toBase64 } from './runs'
import { Session, type World } from './session'
import { Choice, Slider, Toolbar } from './toolbar'
import { Overlay } from './volume/overlay'
import { Painter } from './volume/painter'
import type { Picture } from './volume/picture'
import { listen as listenToPointer, type Drag, type Hand } from './volume/pointer'
import { gradient, uncertainty } from './volume/shares'
import { SteadyPicture } from './volume/steady'
import { Threshold } from './volume/threshold'
import { dragged, presets, reading, type Preset, type Window } from './volume/windows'

export interface VolumeProps {
  base: string
  visit: string
  name: string
  notice: string
  legend: Label[]
  window: Window | null
  modality: 'CT' | 'MR' | ''
  revision: number
  author?: string
}

const TOOLS = ['navigate', 'window', 'brush', 'eraser'] as const
type Tool = (typeof TOOLS)[number]

const BRUSH_MM = { min: 0.5, max: 50, step: 0.5, value: 3, logarithmic: true, format: (mm: number) => `${mm.toFixed(1)} mm` }
const PERCENT = { min: 0, max: 100, step: 5, value: 45, format: (part: number) => `${part} %` }
const CURSORS: Record<Tool, string> = { navigate: 'crosshair', window: 'ns-resize', brush: 'none', eraser: 'none' }

class VolumeViewer implements Viewer<VolumeProps>, Hand, World {
  readonly root: HTMLElement
  private readonly url: string
  private readonly toolbar: Toolbar
  private readonly frame: Frame
  private readonly picture: Picture
  private readonly overlay: Overlay
  private readonly painter: Painter
  private readonly session: Session
  private readonly brush = new Slider('Brush', BRUSH_MM, () => this.point())
  private readonly over = new Over()
  private readonly opacity = new Slider('Mask', PERCENT, () => this.look())
  private readonly windows = new Choice('Window', [], (name) => this.choosePreset(name))
  private readonly threshold: Threshold
  private readonly scale = uncertaintyScale()
  private readonly stopKeys: () => void
  private readonly opening = new AbortController()
  private presets: Preset[] = []
  private tool: Tool = 'navigate'
  private outline = false
  private maskShown = true
  private unsure = false
  private ready = false
  private pointed: { view: PlaneView; voxel: Vec3 } | null = null

  constructor(
    private props: VolumeProps,
    emit: Emit,
  ) {
    this.url = `${props.base}/visits/${props.visit}`
    this.toolbar = volumeToolbar((action) => void this.act(action))
    this.frame = new Frame('volume', this.toolbar, { onChoose: () => this.point(), onHide: () => this.look() })
    this.frame.hand.append(this.brush.root, this.over.root)
    this.threshold = new Threshold(this.benchOfThreshold(), () => this.look())
    this.frame.options.append(this.threshold.root, this.opacity.root, this.windows.root)
    this.frame.stage.append(this.scale)
    this.root = this.frame.root
    this.picture = new SteadyPicture(this.frame.stage)
    this.overlay = new Overlay(this.picture)
    this.painter = new Painter(this.picture)
    this.picture.onDraw = eachFrame(() => this.overlay.draw())
    this.picture.canvas.after(this.overlay.canvas)
    this.session = new Session({ url: this.url, author: props.author ?? '' }, props.legend, this, this.frame, this.toolbar, emit)
    this.stopKeys = listenToKeys(this.root, 'volume', (action, label) => this.act(action, label))
    listenToPointer(this.overlay.canvas, this.picture, this)
    this.take('navigate')
    void this.open()
  }

  update(props: VolumeProps): void {
    this.props = props
    this.frame.notice(props.notice)
    void this.session.follow(props.revision, props.legend).then(() => this.look())
  }

  resume(): void {
    this.picture.resize()
  }

  destroy(): void {
    this.opening.abort()
    this.stopKeys()
    this.session.destroy()
    this.picture.destroy()
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
      this.session.start(loaded.state)
      this.navigate(this.whereToLook())
      this.look()
      this.locate()
      this.frame.uncover()
    } catch (error) {
      if (!this.opening.signal.aborted) this.frame.failed(sentence(error), () => void this.open())
    }
  }

  private async loadScan(): Promise<ArrayBuffer> {
    const report = (bytes: number, all: number | null) =>
      this.frame.progress(`opening ${(bytes / 1e6).toFixed(1)} MB`, all && bytes / all)
    return (await download(`${this.url}/volume.nii`, report, this.opening.signal)).bytes.buffer
  }

  /** Mask and state of one revision; somebody else may be painting while we ask. */
  private async loadMask(): Promise<{ mask: Uint8Array; state: State }> {
    for (let attempt = 0; ; attempt++) {
      const { bytes, headers } = await download(`${this.url}/mask`, () => undefined)
      const state = await askJson<State>(`${this.url}/state`)
      if (Number(headers.get('x-revision')) === state.revision || attempt === 4) return { mask: bytes, state }
    }
  }

  private replaceMask(mask: Uint8Array): void {
    if (mask.length !== this.picture.mask.length) {
      throw new Error('The mask does not fit the scan; open the case again from Cases.')
    }
    this.threshold.forget()
    this.picture.mask.set(mask)
    this.drawPending()
  }

  drawPending(): void {
    for (const edit of this.session.queue.pending) {
      if (edit.kind === 'stroke') this.painter.apply(decode(fromBase64(edit.payload)))
    }
    this.painter.again()
    this.picture.refreshMask()
  }

  /** At the first label that is there; in the middle of the scan where the mask is empty. */
  private whereToLook(): Vec3 {
    const { mask, shape } = this.picture
    const present = this.session.state?.labels.find((row) => row.count > 0)
    return (present && middleOfLabel(mask, shape, present.value)) ?? middleOf(shape)
  }

  // What the session asks of a volume

  carry(edit: Edit, revision: number): { query: Record<string, string>; init: RequestInit } {
    const query = { base_revision: String(revision), uuid: edit.uuid, tool: edit.tool, author: this.session.place.author }
    const headers = { 'Content-Type': 'application/octet-stream' }
    return { query, init: { method: 'POST', headers, body: fromBase64(edit.payload) } }
  }

  async reload(): Promise<State> {
    const { mask, state } = await this.loadMask()
    this.replaceMask(mask)
    return state
  }

  acknowledged(edit: Edit, state: State): boolean {
    if (edit.kind === 'stroke') return true
    if (state.runs === null) return false
    const runs = decode(fromBase64(state.runs))
    this.threshold.acknowledged((mask) => apply(runs, mask))
    this.drawPending()
    return true
  }

  adopted(state: State): void {
    const row = state.labels.find((row) => row.value === state.probability?.label)
    this.threshold.follow(state.probability, row ? amount(row) : '')
  }

  private benchOfThreshold(): ConstructorParameters<typeof Threshold>[0] {
    const pending = () => this.session.queue.pending
    return {
      url: this.url,
      mask: () => this.picture.mask,
      revision: () => this.session.queue.revision,
      unsent: () => pending().flatMap((edit) => (edit.kind === 'stroke' ? decode(fromBase64(edit.payload)) : [])),
      sending: () => pending().some((edit) => edit.kind === 'threshold'),
      send: (threshold) => this.session.moveThreshold(threshold),
      seen: (count) => this.seen(count),
      tell: (message) => this.frame.tell(message),
    }
  }

  /** Another threshold is on the screen: its mask, and how much of the label it marks. */
  private seen(count: number | null): void {
    const { state } = this.session
    if (!state?.probability) return
    const { label } = state.probability
    const rows = state.labels.map((row) =>
      count === null || row.value !== label ? row : { ...row, count, amount: count * voxelMl(this.picture.affine) },
    )
    const row = rows.find((row) => row.value === label)
    if (row) this.threshold.show(amount(row))
    this.frame.chips.show(this.props.legend, rows)
    this.picture.refreshMask()
  }

  // What the hand does

  dragOf(event: PointerEvent): Drag {
    if (event.button === 2) return 'window'
    if (event.button === 1 || event.shiftKey) return 'pan'
    if (event.ctrlKey || event.metaKey) {
      if (this.tool === 'brush') return 'eraser'
      if (this.tool === 'eraser') return 'brush'
    }
    return this.tool
  }

  hover(view: PlaneView | null, voxel: Vec3 | null): void {
    this.pointed = view && voxel && { view, voxel: clampVoxel(voxel.map(Math.round) as Vec3, this.picture.shape) }
    this.point()
    this.locate()
  }

  navigate(voxel: Vec3): void {
    this.picture.crosshair = clampVoxel(voxel.map(Math.round) as Vec3, this.picture.shape)
    this.locate()
  }

  window(dx: number, dy: number): void {
    const all = this.presets.find((preset) => preset.name === 'Full range')?.window ?? [0, 1]
    this.picture.window = dragged(this.picture.window, dx, dy, (all[1] - all[0]) / 600)
    this.windows.value = 'Own'
  }

  paint(view: PlaneView, voxel: Vec3, tool: 'brush' | 'eraser', begin: boolean): void {
    if (!this.ready) return
    const label = tool === 'brush' ? this.frame.chips.active : 0
    if (begin && tool === 'brush' && label === 0) return this.frame.tell('There is no label to paint with yet; run a model first.')
    if (begin) this.painter.begin({ plane: view.plane, radiusMm: this.brush.value, label, only: this.over.only }, voxel)
    else this.painter.extend(voxel)
  }

  paintEnd(): void {
    const runs = this.painter.end()
    if (runs.length > 0) this.session.stroke(runs[0]!.label === 0 ? 'eraser' : 'brush', toBase64(encode(runs)))
    this.locate()
  }

  scroll(view: PlaneView, steps: number): void {
    const voxel = this.picture.crosshair
    voxel[ACROSS[view.plane]] += steps
    this.navigate(voxel)
    if (this.pointed) this.pointed.voxel[ACROSS[view.plane]] = this.picture.crosshair[ACROSS[view.plane]]
    this.locate()
  }

  maximise(view: PlaneView): void {
    if (this.tool === 'navigate') this.picture.show(this.picture.single === null ? view.plane : null)
  }

  // Tools and options

  private act(action: Action, label = 0): boolean {
    switch (action) {
      case 'navigate': case 'window': case 'brush': case 'eraser': return this.take(action)
      case 'cancel': return this.frame.helpIsOpen ? this.frame.toggleHelp(false) : this.take('navigate')
      case 'label': return this.frame.chips.choose(label), true
      case 'undo': case 'redo': return this.session.step(action), true
      case 'smaller': return this.brush.resize(false), true
      case 'larger': return this.brush.resize(true), true
      case 'fainter': return this.opacity.move(this.opacity.value - 10), true
      case 'stronger': return this.opacity.move(this.opacity.value + 10), true
      case 'mask': return (this.maskShown = !this.maskShown), this.look(), true
      case 'outline': return (this.outline = !this.outline), this.look(), true
      case 'uncertainty': return (this.unsure = !this.unsure), this.look(), this.locate(), true
      case 'side': return (this.picture.radiological = !this.picture.radiological), this.look(), true
      case 'fit': return this.picture.fit(), true
      case 'next': return this.page(1)
      case 'previous': return this.page(-1)
      case 'help': return this.frame.toggleHelp()
      default: return false
    } // prettier-ignore
  }

  private page(steps: number): boolean {
    const view = this.pointed?.view ?? this.picture.views.find((view) => view.plane === AXIAL) ?? this.picture.views[0]
    if (view) this.scroll(view, steps)
    return true
  }

  private take(tool: Tool): boolean {
    this.tool = tool
    this.toolbar.press(TOOLS, tool)
    this.overlay.quiet = tool === 'brush' || tool === 'eraser'
    this.overlay.canvas.style.cursor = CURSORS[tool]
    this.frame.hand.hidden = !this.overlay.quiet
    this.point()
    return true
  }

  /** The ring of the brush at the voxel it would paint. */
  private point(): void {
    const { pointed, overlay } = this
    const color = this.tool === 'eraser' ? '#ffffff' : this.frame.chips.colorOf(this.frame.chips.active)
    overlay.cursor = pointed && overlay.quiet ? { ...pointed, radiusMm: this.brush.value, color } : null
    if (this.ready) this.picture.onDraw()
  }

  private look(): void {
    if (!this.ready) return
    this.over.offer(this.session.state?.labels ?? this.props.legend, 'unlabelled')
    this.picture.paintWith(this.session.state?.labels ?? this.props.legend, this.frame.chips.hidden)
    this.picture.maskLook(this.maskShown ? this.opacity.value / 100 : 0, this.outline)
    this.toolbar.relabel('outline', this.outline ? 'fill' : 'outline', this.outline ? 'Fill the mask' : 'Outline only')
    this.toolbar.relabel('mask', this.maskShown ? 'eye' : 'eyeOff', this.maskShown ? 'Hide the mask' : 'Show the mask')
    this.lookAtUncertainty()
    const now = this.picture.radiological ? 'radiological' : 'neurological'
    this.toolbar.relabel('side', 'side', `Sides are ${now}; change`)
  }

  private lookAtUncertainty(): void {
    const { shares } = this.threshold
    const on = this.unsure && shares !== null
    this.toolbar.offer('uncertainty', shares !== null)
    this.toolbar.turn('uncertainty', on)
    this.overlay.uncertain = on ? shares : null
    this.scale.hidden = !on
    this.picture.onDraw()
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

function volumeToolbar(act: (action: Action) => void): Toolbar {
  return new Toolbar(
    [
      [
        { action: 'navigate', icon: 'crosshair', title: 'Crosshair' },
        { action: 'window', icon: 'window', title: 'Window and level' },
      ],
      [
        { action: 'brush', icon: 'brush', title: 'Brush' },
        { action: 'eraser', icon: 'eraser', title: 'Eraser' },
      ],
      [
        { action: 'undo', icon: 'undo', title: 'Undo' },
        { action: 'redo', icon: 'redo', title: 'Redo' },
      ],
      [
        { action: 'mask', icon: 'eye', title: 'Hide the mask' },
        { action: 'outline', icon: 'outline', title: 'Outline only' },
        { action: 'uncertainty', icon: 'uncertainty', title: 'How unsure the model was' },
        { action: 'fit', icon: 'fit', title: 'Fit into the window' },
        { action: 'side', icon: 'side', title: 'Radiological or neurological' },
      ],
      [{ action: 'help', icon: 'help', title: 'Keys and mouse' }],
    ],
    act,
  )
}

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

function middleOf(shape: Vec3): Vec3 {
  return shape.map((size) => Math.floor(size / 2)) as Vec3
}

export default component(
  (props: VolumeProps) => `${props.base}/${props.visit}`,
  (props, emit) => new VolumeViewer(props, emit),
  2,
)
