import type { CONFIG_ENUMS, CONFIG_MESSAGES, EnumName, MessageName } from './config-fields.ts';

/** The values of one enum of the config proto. */
export type EnumValue<Name extends EnumName> = (typeof CONFIG_ENUMS)[Name][number];

type SingleValue<Type> = Type extends MessageName
  ? Message<Type>
  : Type extends EnumName
    ? EnumValue<Type>
    : Type extends 'string'
      ? string
      : Type extends 'bool'
        ? boolean
        : number;

type FieldValue<Field> = Field extends { readonly type: infer Type }
  ? Field extends { readonly mapKey: string }
    ? { readonly [key: string]: SingleValue<Type> }
    : Field extends { readonly repeated: true }
      ? readonly SingleValue<Type>[]
      : SingleValue<Type>
  : never;

/**
 * A message of the config proto as a plain object with the proto's own field names. A field that is absent was not
 * written; proto3's default (0, "", false, the first enum value, nothing) holds for it. 64-bit integers are numbers:
 * the value nearest to what was written.
 */
export type Message<Name extends MessageName> = {
  readonly [Field in (typeof CONFIG_MESSAGES)[Name][number] as Field['name']]?: FieldValue<Field>;
};

/** A model configuration: `config.pbtxt`, or what the server made of it. */
export interface ModelConfig extends Message<'ModelConfig'> {}

/** An entry of `input`: `dims` are without the batch dimension when `max_batch_size` > 0. */
export interface ModelInput extends Message<'ModelInput'> {}

/** An entry of `output`: `dims` are without the batch dimension when `max_batch_size` > 0. */
export interface ModelOutput extends Message<'ModelOutput'> {}

/** An entry of `instance_group`. */
export interface ModelInstanceGroup extends Message<'ModelInstanceGroup'> {}

/** The `sequence_batching` section. */
export interface ModelSequenceBatching extends Message<'ModelSequenceBatching'> {}

/** The `dynamic_batching` section. */
export interface ModelDynamicBatching extends Message<'ModelDynamicBatching'> {}

/** The `ensemble_scheduling` section. */
export interface ModelEnsembling extends Message<'ModelEnsembling'> {}
