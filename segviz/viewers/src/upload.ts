/** Upload of files and folders: dropped or chosen, streamed to disk by the server, never in memory. */
import { askJson, sentence } from './api'
import { component, type Emit, type Viewer } from './component'
import { h } from './dom'
import { icon } from './icons'
import { choose, dropped, type Named } from './upload/files'
import { Progress, send, Stopped } from './upload/send'
import { List } from './upload/list'

export interface UploadProps {
  url: string
  /** The upload that the page took last. */
  taken: string
  /** What may be dropped, in words. */
  formats: string
}

/** After so long the page is told again of an upload that it did not take. */
const AGAIN_MS = 3000

class Upload implements Viewer<UploadProps> {
  readonly root: HTMLElement
  private readonly place = h('div')
  private stop = new AbortController()
  private files: Named[] = []
  private upload = ''
  private sent = new Set<number>()
  private telling = 0

  constructor(
    private props: UploadProps,
    private readonly emit: Emit,
  ) {
    this.root = h('div', { class: 'sv sv-upload' }, this.place)
    this.invite()
  }

  update(props: UploadProps): void {
    this.props = props
    if (props.taken === this.upload) clearInterval(this.telling)
  }

  destroy(): void {
    this.stop.abort()
    clearInterval(this.telling)
  }

  private invite(message = ''): void {
    const zone = h(
      'div',
      { class: 'sv-drop' },
      icon('upload'),
      h('h4', {}, 'Drop files or a folder here'),
      h('p', {}, this.props.formats),
      h(
        'div',
        { class: 'sv-row' },
        pick('file', 'Choose files', () => void choose(false).then((files) => this.begin(files))),
        pick('folder', 'Choose a folder', () => void choose(true).then((files) => this.begin(files))),
      ),
      message ? h('p', { role: 'status' }, message) : null,
    )
    const over = (on: boolean) => (event: DragEvent) => {
      event.preventDefault()
      zone.dataset['over'] = String(on)
    }
    zone.addEventListener('dragenter', over(true))
    zone.addEventListener('dragover', over(true))
    zone.addEventListener('dragleave', over(false))
    zone.addEventListener('drop', (event) => {
      over(false)(event)
      void dropped(event.dataTransfer!).then((files) => this.begin(files))
    })
    this.place.replaceChildren(zone)
  }

  private begin(files: Named[]): void {
    const wanted = files.filter(({ file }) => file.size > 0)
    if (files.length > 0 && wanted.length === 0) return this.invite('There is nothing in these files.')
    if (wanted.length === 0) return
    clearInterval(this.telling)
    this.files = wanted
    this.upload = ''
    this.sent.clear()
    void this.run()
  }

  /** Send what has not been sent; called again by Retry. */
  private async run(): Promise<void> {
    this.stop = new AbortController()
    const total = this.files.reduce((sum, { file }) => sum + file.size, 0)
    const progress = new Progress(total)
    const list = new List(this.files, total, () => this.stop.abort(), () => void this.run(), () => this.invite())
    this.place.replaceChildren(list.root)
    try {
      this.upload ||= (await askJson<{ upload: string }>(this.props.url, { method: 'POST' })).upload
      for (const index of this.files.keys()) await this.sendOne(index, list, progress)
      list.finished()
      this.tell()
    } catch (error) {
      if (error instanceof Stopped) this.invite('The upload was cancelled; nothing was opened.')
      else list.stopped(sentence(error))
    }
  }

  private tell(): void {
    const tell = () => this.emit('uploaded', { upload: this.upload, names: this.files.map(({ path }) => path) })
    clearInterval(this.telling)
    this.telling = window.setInterval(tell, AGAIN_MS)
    tell()
  }

  private async sendOne(index: number, list: List, progress: Progress): Promise<void> {
    const { file, path } = this.files[index]!
    if (!this.sent.has(index)) {
      const address = `${this.props.url}/${this.upload}/${index}?name=${encodeURIComponent(path)}`
      const report = (bytes: number) => list.sending(index, bytes / file.size, progress.after(bytes))
      try {
        await send(address, file, report, this.stop.signal)
      } catch (error) {
        list.failed(index, sentence(error))
        throw error
      }
      this.sent.add(index)
    }
    progress.done(file.size)
    list.sent(index)
  }
}

function pick(name: 'file' | 'folder', text: string, onclick: () => void): HTMLElement {
  return h('button', { class: 'sv-plain', type: 'button', onclick }, icon(name), text)
}

export default component(
  (props: UploadProps) => props.url,
  (props, emit) => new Upload(props, emit),
)
