// Units of length, in Å (9.6).
export const UNITS = { angstrom: 1, nanometer: 10, picometer: 0.01, bohr: 0.529177210903 };
