/** The history of a mask as a list: newest on top, a click goes to the state after a step. */
import { askJson, sentence } from './api'
import { ask, onState } from './bus'
import { component, type Viewer } from './component'
import { h } from './dom'
import { ago, atLast, firstStep, isStep, merged, type Operation } from './history/operations'

/** What the list needs of a `State`. */
interface HistoryState {
  revision: number
  operations: Operation[]
  /** How many operations are in force. */
  position: number
}

export interface HistoryProps {
  /** Address of the layer's routes. */
  url: string
  state: HistoryState
  author?: string
}

class HistoryList implements Viewer<HistoryProps> {
  readonly root: HTMLElement
  private readonly list = h('div', { class: 'sv-history', role: 'group', 'aria-label': 'History' })
  private readonly told = h('p', { class: 'sv-quiet', role: 'status', hidden: true })
  private operations: readonly Operation[] = []
  private revision = -1
  private present = 0
  private readonly stop: () => void
  private readonly clock: number

  constructor(private readonly props: HistoryProps) {
    this.root = h('div', { class: 'sv-steps' }, this.list, this.told)
    this.stop = onState(props.url, (state) => this.follow(state as unknown as HistoryState))
    this.clock = window.setInterval(() => this.draw(), 60_000)
  }

  update({ state }: HistoryProps): void {
    if (state.revision >= this.revision) this.follow(state)
  }

  destroy(): void {
    this.stop()
    clearInterval(this.clock)
  }

  private follow({ revision, operations, position }: HistoryState): void {
    this.revision = revision
    this.present = position
    this.operations = merged(this.operations, operations)
    this.draw()
  }

  private draw(): void {
    const focused = this.focused()
    const rows = this.operations.map((operation) => (isStep(operation) ? this.step(operation) : note(operation))).reverse()
    const more = (firstStep(this.operations)?.position ?? 1) > 1
    this.list.replaceChildren(...rows, more ? this.earlier() : '', this.first())
    this.list.querySelector<HTMLElement>(`[data-position="${focused}"]`)?.focus()
  }

  private focused(): string | undefined {
    return (this.list.querySelector(':focus') as HTMLElement | null)?.dataset['position']
  }

  private step(operation: Operation): HTMLElement {
    const { position } = operation
    const undone = position > this.present
    return this.row(position, { class: undone ? 'sv-step undone' : 'sv-step', title: about(operation) }, ...told(operation))
  }

  private first(): HTMLElement {
    return this.row(0, { class: 'sv-step', title: 'As the mask was before the first step' }, h('span', {}, 'First version'))
  }

  private row(position: number, attributes: Record<string, string>, ...children: Node[]): HTMLElement {
    const isPresent = position === this.present
    return h(
      'button',
      {
        type: 'button',
        'data-position': position,
        'aria-current': isPresent ? 'step' : undefined,
        onclick: () => isPresent || this.jump(position),
        ...attributes,
      },
      ...children,
    )
  }

  private jump(position: number): void {
    ask(this.props.url, { kind: 'jump', payload: { position } })
  }

  private earlier(): HTMLElement {
    return h('button', { type: 'button', class: 'sv-earlier', onclick: () => void this.fetch() }, 'Show earlier')
  }

  private async fetch(): Promise<void> {
    try {
      const { operations } = await askJson<{ operations: Operation[] }>(`${this.props.url}/operations?before=${this.operations[0]!.seq}`)
      this.operations = atLast(operations, this.operations)
      this.told.hidden = true
      this.draw()
    } catch (error) {
      this.told.textContent = sentence(error)
      this.told.hidden = false
    }
  }
}

function note(operation: Operation): HTMLElement {
  return h('div', { class: 'sv-step', title: about(operation) }, ...told(operation))
}

function told({ title, author, when }: Operation): HTMLElement[] {
  return [h('span', {}, title), h('small', {}, h('i', {}, author), ago(new Date(when), new Date()))]
}

function about({ title, tool, author, when }: Operation): string {
  return [title, tool, author, new Date(when).toLocaleString('en-GB')].filter(Boolean).join('\n')
}

export default component(
  ({ url }: HistoryProps) => url,
  (props) => new HistoryList(props),
)
