import { type ListNeighbour, NeighbourList } from '../../lib/neighbour-list.ts';

/** The requests in flight of one process, by the file whose line names them. */
export class OpenByFile<Request extends ListNeighbour> {
  /** The oldest file first. */
  #files: { readonly number: number; readonly requests: NeighbourList<Request> }[] = [];

  /** Adds a request to a file, which is the newest or a newer one. */
  add(request: Request, file: number): void {
    this.#listOf(file).add(request);
  }

  /** Moves the requests of the files up to one number to a newer file; returns them. */
  moveUpTo(last: number, to: number): Request[] {
    const moved: Request[] = [];
    for (const { number, requests } of this.#files) {
      if (number > last) break;
      for (let next = requests.shift(); next !== undefined; next = requests.shift()) moved.push(next);
    }
    this.#files = this.#files.filter(({ number }) => number > last);
    for (const request of moved) this.add(request, to);
    return moved;
  }

  #listOf(file: number): NeighbourList<Request> {
    const newest = this.#files.at(-1);
    if (newest?.number === file) return newest.requests;
    const requests = new NeighbourList<Request>();
    this.#files.push({ number: file, requests });
    return requests;
  }
}
