/** One file over the wire, and how long all of them will take. */
import { Refusal } from '../api'

export class Stopped extends Error {}

/** XMLHttpRequest, since fetch tells nothing about what was sent; the browser streams from disk. */
export function send(address: string, file: File, onProgress: (bytes: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Stopped())
    const request = new XMLHttpRequest()
    request.open('POST', address)
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.upload.onprogress = (event) => onProgress(event.loaded)
    request.onload = () => (request.status < 300 ? resolve() : reject(refusal(request)))
    request.onerror = () => reject(new TypeError('no connection'))
    request.onabort = () => reject(new Stopped())
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(file)
  })
}

function refusal(request: XMLHttpRequest): Refusal {
  const fallback = `The server answered ${request.status}.`
  try {
    const { code = '', message = fallback } = JSON.parse(request.responseText).error ?? {}
    return new Refusal(request.status, code, message)
  } catch {
    return new Refusal(request.status, '', fallback)
  }
}

export interface Pace {
  part: number
  bytesPerSecond: number
  secondsLeft: number
}

/** Progress over all files; the speed is that of the last seconds. */
export class Progress {
  private before = 0
  private marks: { at: number; bytes: number }[] = []

  constructor(
    private readonly total: number,
    private readonly now: () => number = () => performance.now() / 1000,
  ) {}

  /** The pace when so many bytes of the current file are away. */
  after(bytes: number): Pace {
    const sent = this.before + bytes
    const at = this.now()
    this.marks.push({ at, bytes: sent })
    while (this.marks.length > 2 && at - this.marks[0]!.at > 5) this.marks.shift()
    const first = this.marks[0]!
    const bytesPerSecond = at > first.at ? (sent - first.bytes) / (at - first.at) : 0
    return { part: sent / this.total, bytesPerSecond, secondsLeft: bytesPerSecond > 0 ? (this.total - sent) / bytesPerSecond : NaN }
  }

  /** A file of so many bytes is through. */
  done(bytes: number): void {
    this.before += bytes
  }
}

export function bytesText(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`
  return `${Math.max(1, Math.round(bytes / 1e3))} kB`
}

/** `12.3 MB/s, 40 s left` */
export function paceText({ bytesPerSecond, secondsLeft }: Pace): string {
  if (!Number.isFinite(secondsLeft)) return ''
  const seconds = Math.max(1, Math.ceil(secondsLeft))
  const left = seconds < 90 ? `${seconds} s left` : `${Math.round(seconds / 60)} min left`
  return `${bytesText(bytesPerSecond)}/s, ${left}`
}
