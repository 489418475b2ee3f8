/** Sentences about what fails, cools, or is not possible here. */
export const chineseTrouble: Readonly<Record<string, string>> = {
  'This gateway does not store requests': '本网关不保存请求记录',
  'Searching …': '正在搜索……',
  'The model demo-unreliable always fails on simulator-a first, to show a fallback.':
    '模型 demo-unreliable 总是先在 simulator-a 上失败，以演示回退。',
  'Last failure: {{text}}': '最近一次失败：{{text}}',
  'The simulated providers answer with random words.': '模拟供应商用随机词语回答。',
  'Only an admin may change the configuration as a whole.': '只有管理员可以整体更改配置。',
  'The database is currently unavailable. Try again shortly.': '数据库暂时不可用，请稍后重试。',
  'What you see may be out of date.': '显示的内容可能已过时。',
  'The gateway cannot be reached': '无法连接网关',
  'This page opens as soon as it answers.': '网关恢复后会打开此页。',
  'There is nothing at this address': '此地址没有内容',
  'Accounts need a database': '账号需要数据库',
  'With a configuration file, everyone signs in with the ADMIN_KEY, and key holders with their key.':
    '使用配置文件时，所有人都用 ADMIN_KEY 登录，密钥持有人用自己的密钥登录。',
  '{{cooling}} of {{all}} routes cooling': '{{all}} 条路由中有 {{cooling}} 条冷却中',
  'The session of {{name}} has ended. After the same sign-in, the page is as it was.':
    '{{name}} 的会话已结束。用同一身份重新登录后，页面会保持原样。',
  'Your sign-in does not include it': '当前登录身份不包含此页面',
  'You are signed in as {{name}}.': '当前登录身份：{{name}}。',
  'No access to this page': '无权访问此页面',
  'Back to my use': '返回我的用量',
  'Discard what you entered?': '放弃已输入的内容？',
  'Keep editing': '继续编辑',
  'It is not saved.': '内容尚未保存。',
};
