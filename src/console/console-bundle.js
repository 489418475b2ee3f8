// A checkout and an installed package read the built console from their folder. The build of a single-file program replaces this
// module by one that holds the files (scripts/build.ts).
export const packed = undefined;
