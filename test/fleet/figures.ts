import { recordFigure } from '../record';

/** Keeps a measured figure for the end of `make test`, and for docs/reliability.md. */
export const figure = (name: string, value: string | number): void => recordFigure(name, value, '');
