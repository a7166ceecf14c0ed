import { fenceRules } from "./fence_rules.js"
import { leftoverRules } from "./leftover_rules.js"
import { nameRules } from "./name_rules.js"
import { sizeRules } from "./size_rules.js"
import type { Rule } from "./source_file.js"

/**
 * Everything that is checked of the tree as text. What biome and the compilers check is not
 * repeated.
 */
export const rules: readonly Rule[] = [...sizeRules, ...fenceRules, ...nameRules, ...leftoverRules]
