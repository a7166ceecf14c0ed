// time limit: 600 s
import { coreClaims } from "./core_claims.js"
import { proveClaims } from "./core_test.js"

await proveClaims(
  "thread",
  coreClaims.filter(({ isConcurrent }) => isConcurrent),
)
