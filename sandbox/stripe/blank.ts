import type Stripe from 'stripe'

// Objects with every field that Stripe's API has, at rest. What happens fills them in.

type Blank<T, Given extends keyof T> = Omit<T, Given>
type Words<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Text

/** The fields of these names, all null. */
function nulls<Names extends string>(names: Names): Record<Words<Names>, null> {
  return Object.fromEntries(names.split(' ').map((name) => [name, null])) as Record<Words<Names>, null>
}

export const NO_ADDRESS: Stripe.Address = nulls('city country line1 line2 postal_code state')

export const blankSession: Blank<Stripe.Checkout.Session, 'id' | 'created' | 'expires_at'> = {
  object: 'checkout.session',
  ...nulls('after_expiration allow_promotion_codes allowed_payment_method_types amount_subtotal amount_total'),
  ...nulls('billing_address_collection cancel_url client_reference_id client_secret collected_information consent'),
  ...nulls('consent_collection currency currency_conversion customer customer_account customer_details customer_email'),
  ...nulls('integration_identifier invoice invoice_creation locale managed_payments origin_context payment_intent'),
  ...nulls('payment_link payment_method_configuration_details permissions recovered_from saved_payment_method_options'),
  ...nulls('setup_intent shipping_address_collection shipping_cost submit_type subscription success_url'),
  ...nulls('total_details url wallet_options'),
  adaptive_pricing: { enabled: false },
  automatic_tax: { enabled: false, liability: null, provider: null, status: null },
  custom_fields: [],
  custom_text: nulls('after_submit shipping_address submit terms_of_service_acceptance'),
  customer_creation: 'if_required',
  discounts: [],
  livemode: false,
  metadata: {},
  mode: 'payment',
  payment_method_collection: 'if_required',
  payment_method_options: {},
  payment_method_types: ['card', 'sepa_debit'],
  payment_status: 'unpaid',
  phone_number_collection: { enabled: false },
  shipping_options: [],
  status: 'open',
  ui_mode: 'hosted_page',
}

export const blankLineItem: Blank<Stripe.LineItem, 'id' | 'currency' | 'price'> = {
  object: 'item',
  ...nulls('adjustable_quantity description quantity'),
  amount_discount: 0,
  amount_subtotal: 0,
  amount_tax: 0,
  amount_total: 0,
  metadata: {},
}

export const blankPrice: Blank<Stripe.Price, 'id' | 'created' | 'currency' | 'product'> = {
  object: 'price',
  ...nulls('custom_unit_amount lookup_key nickname recurring tiers_mode transform_quantity'),
  ...nulls('unit_amount unit_amount_decimal'),
  active: false,
  billing_scheme: 'per_unit',
  livemode: false,
  metadata: {},
  tax_behavior: 'unspecified',
  type: 'one_time',
}

export const blankShippingRate: Blank<Stripe.ShippingRate, 'id' | 'created'> = {
  object: 'shipping_rate',
  ...nulls('delivery_estimate display_name tax_code'),
  active: false,
  livemode: false,
  metadata: {},
  tax_behavior: 'unspecified',
  type: 'fixed_amount',
}

export const blankPaymentIntent: Blank<
  Stripe.PaymentIntent,
  'id' | 'created' | 'amount' | 'currency' | 'client_secret'
> = {
  object: 'payment_intent',
  ...nulls('allowed_payment_method_types application application_fee_amount automatic_payment_methods canceled_at'),
  ...nulls('cancellation_reason customer customer_account description excluded_payment_method_types'),
  ...nulls('last_payment_error latest_charge managed_payments next_action on_behalf_of payment_method'),
  ...nulls('payment_method_configuration_details payment_record processing receipt_email review setup_future_usage'),
  ...nulls('shipping source statement_descriptor statement_descriptor_suffix transfer_data transfer_group'),
  amount_capturable: 0,
  amount_received: 0,
  capture_method: 'automatic',
  confirmation_method: 'automatic',
  livemode: false,
  metadata: {},
  payment_method_options: {},
  payment_method_types: ['card', 'sepa_debit'],
  status: 'requires_payment_method',
}

export const blankCharge: Blank<
  Stripe.Charge,
  'id' | 'created' | 'amount' | 'currency' | 'billing_details' | 'payment_method_details'
> = {
  object: 'charge',
  ...nulls('application application_fee application_fee_amount balance_transaction calculated_statement_descriptor'),
  ...nulls('customer description failure_balance_transaction failure_code failure_message on_behalf_of outcome'),
  ...nulls('payment_intent payment_method receipt_email receipt_number receipt_url review shipping source'),
  ...nulls('source_transfer statement_descriptor statement_descriptor_suffix transfer_data transfer_group'),
  amount_captured: 0,
  amount_refunded: 0,
  captured: true,
  disputed: false,
  fraud_details: {},
  livemode: false,
  metadata: {},
  paid: false,
  refunded: false,
  status: 'pending',
}

export const blankRefund: Blank<Stripe.Refund, 'id' | 'created' | 'amount' | 'currency'> = {
  object: 'refund',
  ...nulls('balance_transaction charge customer customer_account payment_intent payment_method reason receipt_number'),
  ...nulls('source_transfer_reversal transfer_reversal'),
  destination_details: { type: 'card', card: { type: 'refund' } },
  metadata: {},
  status: 'succeeded',
}

export const blankDispute: Blank<
  Stripe.Dispute,
  'id' | 'created' | 'amount' | 'charge' | 'currency' | 'evidence_details'
> = {
  object: 'dispute',
  ...nulls('intended_submission_method payment_intent'),
  balance_transactions: [],
  enhanced_eligibility_types: [],
  evidence: {
    ...nulls('access_activity_log billing_address cancellation_policy cancellation_policy_disclosure'),
    ...nulls('cancellation_rebuttal customer_communication customer_email_address customer_name customer_purchase_ip'),
    ...nulls('customer_signature duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id'),
    ...nulls('product_description receipt refund_policy refund_policy_disclosure refund_refusal_explanation'),
    ...nulls('service_date service_documentation shipping_address shipping_carrier shipping_date'),
    ...nulls('shipping_documentation shipping_tracking_number uncategorized_file uncategorized_text'),
    enhanced_evidence: {},
  },
  is_charge_refundable: false,
  livemode: false,
  metadata: {},
  payment_method_details: {
    type: 'card',
    card: { brand: 'visa', case_type: 'chargeback', network: 'visa', network_reason_code: '10.4' },
  },
  reason: 'fraudulent',
  status: 'needs_response',
}

/** The card that everybody pays with here. */
export const CARD: Stripe.Charge.PaymentMethodDetails = {
  type: 'card',
  card: {
    ...nulls('amount_authorized authorization_code electronic_commerce_indicator installments mandate'),
    ...nulls('network_transaction_id three_d_secure transaction_link_id wallet'),
    brand: 'visa',
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    country: 'US',
    exp_month: 12,
    exp_year: 2034,
    fingerprint: 'standin4242',
    funding: 'credit',
    last4: '4242',
    network: 'visa',
    regulated_status: 'unregulated',
  },
}

/** The bank account that delayed payments come from. */
export const BANK_DEBIT: Stripe.Charge.PaymentMethodDetails = {
  type: 'sepa_debit',
  sepa_debit: {
    ...nulls('branch_code mandate'),
    bank_code: '37040044',
    country: 'DE',
    fingerprint: 'standin3000',
    last4: '3000',
  },
}
