/** Why the gateway answered with an error, and what helps. */
export const chineseReasons: Readonly<Record<string, string>> = {
  'The client accepts only an answer from the response cache, and there was none.':
    '客户端只接受响应缓存中的回答，但缓存中没有。',
  'The client sent no key. It belongs in the header Authorization.':
    '客户端没有发送密钥。密钥应放在 Authorization 标头中。',
  'The gateway has no such key. Perhaps it was mistyped, deleted, or replaced by another secret.':
    '网关没有这个密钥。它可能输入有误、已被删除或已更换。',
  'The key is unknown here, and the database that may have it did not answer.':
    '此处没有这个密钥，而可能存有它的数据库没有响应。',
  'The key has expired. Set a later date, or create another key.': '密钥已过期。请延长有效期，或新建密钥。',
  'The key may not use this model. Add it to the models of the key.':
    '此密钥不能使用该模型。请把它加入密钥的模型列表。',
  'The key has a list of models, so it may use only these and the objects that it created.':
    '此密钥限定了模型，因此只能使用这些模型及其自己创建的对象。',
  'The key has created no such object. Perhaps another key has, or it was too long ago.':
    '此密钥没有创建过这个对象。它可能由其他密钥创建，或时间过久。',
  'There is no model of this name. The client has to ask for one of the names on the page Models.':
    '没有这个名称的模型。客户端必须使用“模型”页上的名称。',
  'The header x-llm-proxy-provider names no provider or model. Names are case-sensitive.':
    '请求头 x-llm-proxy-provider 所写的不是供应商或模型。名称区分大小写。',
  'There is no such path. The base URL of the client has to end in /v1.':
    '没有这个路径。客户端的基础地址必须以 /v1 结尾。',
  'The path does not accept this HTTP method.': '此路径不接受该 HTTP 方法。',
  'The path is not valid. Check the base URL of the client.': '路径无效。请检查客户端的基础地址。',
  'The body is not valid JSON or a valid form.': '请求体不是有效的 JSON 或表单。',
  'The header x-llm-proxy-tags is not valid. Write name=value, name=value.':
    '请求头 x-llm-proxy-tags 无效。请写成 name=value, name=value。',
  'The key needs an end user, and the request names none.': '此密钥要求注明最终用户，而请求没有注明。',
  'The request names no model.': '请求没有指定模型。',
  'The API of the provider has no place for a field of the request, and no route has the API of the client.':
    '供应商的 API 无法表达请求中的某个字段，也没有与客户端 API 相同的路由。',
  'The body is compressed in an unknown way.': '请求体的压缩方式未知。',
  'The body is larger than server.max_body_mb.': '请求体超过 server.max_body_mb。',
  'The client took too long to send its request.': '客户端发送请求的时间过长。',
  'Too many large bodies were under way at the same time.': '同时处理的大请求体过多。',
  'No provider of the model has WebSockets switched on.': '该模型的供应商都没有启用 WebSocket。',
  'Too many WebSocket connections were open.': '打开的 WebSocket 连接过多。',
  'A message on a WebSocket named a model of another provider.': 'WebSocket 上的消息指定了其他供应商的模型。',
  'A limit on requests was reached, of the key or of its team or user. It passes by itself.':
    '密钥或其团队、用户达到了请求数限额，稍后会自动恢复。',
  'A limit on tokens was reached, of the key or of its team or user. It passes by itself.':
    '密钥或其团队、用户达到了 token 限额，稍后会自动恢复。',
  'As many requests were under way as the limit allows.': '同时进行的请求数已达上限。',
  'A budget is used up, of the key or of its team or user. Raise it, or wait for its next period.':
    '密钥或其团队、用户的预算已用完。请提高预算，或等待下一周期。',
  'The request alone is larger than a whole limit. Retrying does not help.':
    '单个请求就超过了整个限额，重试没有用。',
  'The key has a budget, and the price of the model is unknown. Choose a price list for its provider or mark it as free, or set the price under prices.models.':
    '密钥有预算，而模型价格未知。请为供应商选择价目表或标为免费，或在 prices.models 中设置价格。',
  'The store of the shared limits did not answer. See Settings, Gateways.':
    '共享限额的存储没有响应。请查看“设置”中的“网关”。',
  'The use of the request could not be recorded, such as on a full disk. The log has the reason.':
    '无法记录该请求的用量（例如磁盘已满）。原因见日志。',
  'No provider of the model could be reached. The attempts have the reason.':
    '无法连接该模型的任何供应商。原因见各次尝试。',
  'The provider reported success but sent no valid answer. Often its address lacks the /v1.':
    '供应商报告成功，却没有有效的回答。常见原因是地址缺少 /v1。',
  'The answer does not match the API of the provider. Perhaps the provider has another API.':
    '回答不符合供应商的 API。该供应商可能使用另一种 API。',
  'No provider answered in time. The timeouts of a provider can be raised.':
    '没有供应商及时回答。可以调高供应商的超时设置。',
  'The provider refused the WebSocket. Check its credential and the name of the model.':
    '供应商拒绝了 WebSocket。请检查其凭据和模型名。',
  'The provider broke off. If this happens after the same time again and again, a proxy in between has a timeout.':
    '供应商中断了连接。如果总在相同时间后发生，则中间的代理有超时。',
  'The model has no enabled route. Look at the model, its routes and its providers.':
    '该模型没有启用的路由。请查看模型、其路由和供应商。',
  'The gateway failed. This is a bug; its log has the id of the request.':
    '网关出错。这是一个缺陷，日志中有该请求的 ID。',
};
