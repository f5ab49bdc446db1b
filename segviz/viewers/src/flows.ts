/** What became of what: a table whose cells, like the flows of a Sankey diagram, can be chosen. */
import { component, type Emit, type Viewer } from './component'
import { h } from './dom'

/** From a label at one visit to a label at another. */
export interface Flow {
  a: string
  b: string
  from: number
  to: number
}

/** A cell: its text, and the flow that it stands for. */
export interface Cell {
  text: string
  title?: string
  /** Percent of its row, as depth of colour; null where nothing changed. */
  share?: number | null
  flow?: Flow
  kind?: 'stays' | 'sum' | 'aside'
}

export interface FlowProps {
  corner: string
  head: string[]
  rows: { name: string; cells: Cell[]; sum?: boolean }[]
  /** The flow that the map shows. */
  chosen: Flow | null
  /** Flows of the diagram on the page, in its order, and the class of the element around it. */
  diagram: { within: string; flows: Flow[] } | null
}

class Flows implements Viewer<FlowProps> {
  readonly root = h('div', { class: 'sv-steps sv-flows' })
  private readonly table = h('table')
  private readonly onClick = (event: MouseEvent) => this.chooseInDiagram(event)

  constructor(
    private props: FlowProps,
    private readonly emit: Emit,
  ) {
    this.root.append(this.table)
    document.addEventListener('click', this.onClick, true)
  }

  update(props: FlowProps): void {
    this.props = props
    const head = h('tr', {}, h('th', {}, props.corner), ...props.head.map((name) => h('th', {}, name)))
    const rows = props.rows.map(({ name, cells, sum }) => h('tr', sum ? { class: 'sum' } : {}, h('td', {}, name), ...cells.map((cell) => this.cell(cell))))
    this.table.replaceChildren(h('thead', {}, head), h('tbody', {}, ...rows))
  }

  destroy(): void {
    document.removeEventListener('click', this.onClick, true)
  }

  private cell({ text, title, share, flow, kind }: Cell): HTMLElement {
    const style = share ? `--share:${share}%` : undefined
    const name = [kind, share ? 'went' : ''].filter(Boolean).join(' ')
    if (!flow) return h('td', { class: name, style }, text)
    const pressed = String(same(flow, this.props.chosen))
    return h('td', { class: name, style }, h('button', { type: 'button', title, 'aria-pressed': pressed, onclick: () => this.choose(flow) }, text))
  }

  /** Marked at once; the page's next data say the same. */
  private choose(flow: Flow): void {
    this.update({ ...this.props, chosen: flow })
    this.emit('flow', flow)
  }

  /** Plotly's own events do not reach Streamlit from a Sankey diagram; its links know their number. */
  private chooseInDiagram(event: MouseEvent): void {
    const { diagram } = this.props
    const link = (event.target as Element | null)?.closest?.('.sankey-link') as (Element & { __data__?: { pointNumber?: number } }) | null
    if (!diagram || !link || !this.root.isConnected || !link.closest(`.${diagram.within}`)) return
    const flow = diagram.flows[link.__data__?.pointNumber ?? -1]
    if (flow) this.choose(flow)
  }
}

export function same(one: Flow, two: Flow | null): boolean {
  return two !== null && one.a === two.a && one.b === two.b && one.from === two.from && one.to === two.to
}

export default component(
  () => 'flows',
  (props: FlowProps, emit) => new Flows(props, emit),
)
