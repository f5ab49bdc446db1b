/** Files with their path inside what was dropped or chosen. */

export interface Named {
  file: File
  path: string
}

/** Files nobody means to upload. */
const SYSTEM = /(^|\/)(\.[^/]*|Thumbs\.db|desktop\.ini|__MACOSX\/.*)$/i

export function isWanted(path: string): boolean {
  return !SYSTEM.test(path)
}

/** Ask with the browser's own dialogue; no answer is an empty list. */
export function choose(folder: boolean): Promise<Named[]> {
  const input = document.createElement('input')
  input.type = 'file'
  input.multiple = true
  input.webkitdirectory = folder
  return new Promise((resolve) => {
    input.addEventListener('cancel', () => resolve([]))
    input.addEventListener('change', () =>
      resolve(wanted([...(input.files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name })))),
    )
    input.click()
  })
}

/** Everything that was dropped, folders walked through. Entries must be taken before the first await. */
export async function dropped(transfer: DataTransfer): Promise<Named[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  return wanted((await Promise.all(entries.map(walk))).flat())
}

function wanted(files: Named[]): Named[] {
  return files.filter(({ path }) => isWanted(path)).sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }))
}

async function walk(entry: FileSystemEntry): Promise<Named[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    return [{ file, path: entry.fullPath.replace(/^\//, '') }]
  }
  const inside = await children((entry as FileSystemDirectoryEntry).createReader())
  return (await Promise.all(inside.map(walk))).flat()
}

/** A reader hands out at most 100 entries at a time. */
async function children(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  const all: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return all
    all.push(...some)
  }
}
