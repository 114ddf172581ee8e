/** The code lists of ISO that a document names countries and currencies by. */
import { iso31661 } from 'iso-3166/1.js'
import { iso31661Reserved } from 'iso-3166/1-reserved.js'
import { didYouMean, nearest } from './nearest.ts'

const countries = iso31661.map(({ alpha2 }) => alpha2)
// Only those in use, as the ICU of Node knows them.
const currencies = Intl.supportedValuesOf('currency')

/** The code of the country that has a reserved one too, as `UK` is. */
function countryOfReserved(code: string): string | undefined {
  const name = iso31661Reserved.find(({ alpha2 }) => alpha2 === code)?.name
  return name === undefined ? undefined : iso31661.find(country => country.name.startsWith(name))?.alpha2
}

const say = (code: string, list: string, near: string | undefined) =>
  `"${code}" is no code of ${list}.${didYouMean(near)}`

/** Why a text is no country by ISO 3166-1 alpha-2, and which is meant: of two letters one is too much to guess. */
export const wrongCountry = (code: string): string | undefined =>
  countries.includes(code) ? undefined : say(code, 'ISO 3166-1 alpha-2', countryOfReserved(code))

/** Why a text is no currency by ISO 4217, and which is meant; undefined where it is one. */
export const wrongCurrency = (code: string): string | undefined =>
  currencies.includes(code) ? undefined : say(code, 'ISO 4217', nearest(code, currencies))
