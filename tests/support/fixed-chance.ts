import * as fc from 'fast-check';

// A landing must not hang on chance; everywhere else each run of the property tests looks somewhere new.
if (process.env['CI'] !== undefined) fc.configureGlobal({ seed: 20_261_122 });
